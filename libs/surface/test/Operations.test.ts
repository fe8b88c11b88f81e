import { describe, expect, it } from "@effect/vitest";
import { type DeployResult, WireError } from "@nopea/domain";
import { Effect } from "effect";
import { NotFound, Operations } from "@nopea/surface";
import * as Validation from "../src/Validation.js";

const refused = (name: Operations.Name, wire: unknown) =>
  Effect.map(Effect.flip(Operations.decode(name, wire)), ({ message, field }) => ({
    message,
    field,
  }));

describe("Operations", () => {
  it.effect("refuses a key that it does not know, by its name", () =>
    Effect.gen(function* () {
      const needed = {
        deploy: { service: "web", manifests: [] },
        diff: { service: "web", manifests: [] },
        history: { service: "web" },
        status: {},
        context: { service: "web" },
        explain: { service: "web" },
        services: {},
        memoryStats: {},
        memoryGraph: {},
        memoryForget: { service: "web" },
        memoryImport: { source: "cluster" },
        memoryExport: {},
        health: {},
      } satisfies Record<Operations.Name, object>;
      for (const name of Operations.names) {
        expect(yield* refused(name, { ...needed[name], colour: 1 })).toEqual({
          message: `${name} takes no "colour"`,
          field: "colour",
        });
      }
    }),
  );

  it.effect("names a key that is missing", () =>
    Effect.gen(function* () {
      expect(yield* refused("history", {})).toEqual({
        message: 'history needs "service"',
        field: "service",
      });
    }),
  );

  it.effect.each(["a/b", "a.b", "a\nb", "a".repeat(64), "", "-a", "A"])(
    "refuses the service name %j",
    (service) =>
      Effect.gen(function* () {
        const { message, field } = yield* refused("history", { service });
        expect(field).toBe("service");
        expect(message).toContain("must be a DNS label");
      }),
  );

  it.effect("reads the wire's names, and numbers the documents sent inline", () =>
    Effect.gen(function* () {
      const input = yield* Operations.decode("deploy", {
        service: "web",
        timeout_ms: 5_000,
        also_namespaces: ["b"],
        manifests: [{ kind: "A" }, { kind: "B" }],
      });
      expect(input).toMatchObject({
        timeoutMs: 5_000,
        alsoNamespaces: ["b"],
        manifests: [
          { object: { kind: "A" }, source: "manifests[0]" },
          { object: { kind: "B" }, source: "manifests[1]" },
        ],
      });
    }),
  );

  it.effect("takes a program's own names and plain text, and holds them to the same rules", () =>
    Effect.gen(function* () {
      const { deploy } = Operations.all;
      const good = { service: "web", manifests: [], timeoutMs: 5 };
      expect(yield* Validation.validate(deploy, good)).toEqual(good);
      const { message } = yield* Effect.flip(
        Validation.validate(deploy, { ...good, timeoutMs: -1 }),
      );
      expect(message).toContain("timeoutMs");
    }),
  );

  it("writes results with the wire's names", () => {
    const result = {
      deployId: "01JD0000000000000000000000",
      status: "completed",
      durationMs: 3,
      service: "web",
      namespace: "shop",
      strategy: "direct",
      manifestCount: 0,
      verified: true,
      differences: [],
      appliedResources: [],
      unchanged: false,
      warnings: [],
      degraded: [],
      timestamp: "2026-11-24T06:40:28.123Z",
    } as unknown as DeployResult.DeployResult;
    expect(Operations.encode("deploy", result)).toMatchObject({
      deploy_id: result.deployId,
      duration_ms: 3,
      manifest_count: 0,
      applied_resources: [],
    });
  });

  it("writes a failure as the one error there is", () => {
    const failure = new NotFound({ message: "no", advice: "look" });
    expect(Operations.encodeFailure(failure)).toEqual(
      WireError.encode({ _tag: "NotFound", message: "no", advice: "look" }),
    );
  });
});
