import { describe, expect, it } from "@effect/vitest";
import type { Reason } from "@nopea/domain";
import { BadInput, WireError } from "@nopea/domain";
import { ClusterError, NotFound, type Operations, Refusal, type Surface } from "@nopea/surface";
import { Deferred, Effect, Stream } from "effect";
import { type Body, events, result, run, web } from "./support.js";

const deploying = ["deploy", "-f", "a.yaml", "-s", "web", "-n", "shop"];

const ending = (...bodies: ReadonlyArray<Body>): Partial<Surface.Methods> => ({
  deploy: () => Stream.fromIterable(events(...bodies)),
});

const failedResult = (reason: Reason.Reason) =>
  result({
    status: "failed",
    reason,
    verified: false,
    error: WireError.failed({
      reason,
      message: 'nothing answers to "registry/web:nope"',
      object: web,
      evidence: [
        { kind: "event", text: "Failed to pull image: not found" },
        { kind: "log", text: "starting\n\u001b[31mno config\u001b[0m\nbye" },
      ],
      advice: "Push the tag.",
    }),
  });

const planned = {
  type: "planned",
  strategy: "direct",
  plan: {
    unchanged: false,
    warnings: [],
    objects: [
      {
        object: web,
        source: "web.yaml#1",
        action: "configured",
        fields: [{ path: "spec.image", change: "changed", before: "web:1", after: "web:nope" }],
      },
    ],
  },
} as const;

const refusing = (failure: Operations.Failure): Partial<Surface.Methods> => ({
  deploy: () => Stream.fail(failure as never),
  history: () => Effect.fail(failure as never),
});

const cluster = { reason: "cluster_unreachable", message: "no answer" } as const;

describe("deploy", () => {
  it.effect("prints how it ended, and answers 0", () =>
    Effect.gen(function* () {
      const ran = yield* run(deploying, {
        surface: ending(planned, { type: "outcome", result: result() }),
      });
      expect(ran.code).toBe(0);
      expect(ran.out).toContain("✓ web is deployed to shop: ready and verified after 1.2s");
      expect(ran.out).toContain("Deployment/web   configured");
      expect(ran.err).toContain("planned: 1 configured");
    }),
  );

  it.effect("tells a failure with what was seen, what changed and what to do", () =>
    Effect.gen(function* () {
      const ran = yield* run(deploying, {
        surface: ending(planned, { type: "outcome", result: failedResult("image_not_found") }),
      });
      expect(ran.code).toBe(1);
      expect(ran.out).toContain(
        "✗ web failed in shop after 1.2s: an image does not exist in its registry (image_not_found)",
      );
      expect(ran.out).toContain('nothing answers to "registry/web:nope"');
      expect(ran.out).toContain("Failed to pull image: not found");
      expect(ran.out).toContain("│ no config\n");
      expect(ran.out).toContain("spec.image: web:1 → web:nope");
      expect(ran.out).toContain("Push the tag.");
    }),
  );

  it.effect("prints one JSON document and nothing else with -o json", () =>
    Effect.gen(function* () {
      const ran = yield* run([...deploying, "-o", "json"], {
        surface: ending(planned, { type: "outcome", result: failedResult("crash_loop") }),
      });
      expect(ran.code).toBe(1);
      expect(JSON.parse(ran.out)).toMatchObject({
        deploy_id: "01JD0000000000000000000000",
        status: "failed",
        reason: "crash_loop",
        duration_ms: 1_200,
        error: { code: "deploy_failed", reason: "crash_loop" },
      });
    }),
  );

  it.effect("streams events as JSON lines that end with the result", () =>
    Effect.gen(function* () {
      const ran = yield* run([...deploying, "--stream"], {
        surface: ending(planned, { type: "outcome", result: result() }),
      });
      const lines = ran.out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown);
      expect(lines).toHaveLength(3);
      expect(lines[0]).toMatchObject({ type: "planned", seq: 0 });
      expect(lines[1]).toMatchObject({ type: "outcome", seq: 1 });
      expect(lines[2]).toMatchObject({ status: "completed", service: "web" });
    }),
  );

  it.effect("says nothing with -q, but for a failure", () =>
    Effect.gen(function* () {
      const good = yield* run([...deploying, "-q"], {
        surface: ending(planned, { type: "outcome", result: result() }),
      });
      expect(good).toEqual({ code: 0, out: "", err: "" });
      const bad = yield* run([...deploying, "-q"], {
        surface: ending(planned, { type: "outcome", result: failedResult("crash_loop") }),
      });
      expect(bad).toMatchObject({ code: 1, out: "" });
      expect(bad.err).toContain("crash_loop");
      const json = yield* run([...deploying, "-q", "-j"], {
        surface: ending(planned, { type: "outcome", result: result() }),
      });
      expect(json).toMatchObject({ code: 0, err: "" });
      expect(JSON.parse(json.out)).toMatchObject({ status: "completed" });
    }),
  );

  it.effect("lets the deploy end itself when it is interrupted, and answers 130", () =>
    Effect.gen(function* () {
      const wish = yield* Deferred.make<void>();
      const end = result({
        status: "failed",
        reason: "interrupted",
        notApplied: [{ ...web, name: "later" }],
        error: WireError.failed({ reason: "interrupted", message: "it was interrupted" }),
      });
      const ran = yield* run(deploying, {
        interrupted: Deferred.await(wish),
        surface: {
          deploy: (_, options) =>
            Stream.fromIterable(events(planned)).pipe(
              Stream.tap(() => Deferred.succeed(wish, undefined)),
              Stream.concat(Stream.execute(options?.cancel ?? Effect.never)),
              Stream.concat(Stream.fromIterable(events({ type: "outcome", result: end }))),
            ),
        },
      });
      expect(ran.code).toBe(130);
      expect(ran.out).toContain("web in shop was interrupted after 1.2s");
      expect(ran.out).toContain("Applied: Deployment/web.");
      expect(ran.out).toContain("Not applied: Deployment/later.");
      expect(ran.err).toContain("stopping");
    }),
  );

  it.effect("sends nothing where it is interrupted before the documents are read", () =>
    Effect.gen(function* () {
      const ran = yield* run([...deploying, "-j"], {
        interrupted: Effect.void,
        loading: Effect.never,
      });
      expect(ran.code).toBe(130);
      expect(JSON.parse(ran.out)).toMatchObject({ reason: "interrupted" });
    }),
  );

  it.effect("leaves with 0 when it was told not to wait, and with 6 when the wait broke off", () =>
    Effect.gen(function* () {
      const left = { type: "outcome", result: result({ status: "progressing" }) } as const;
      expect((yield* run([...deploying, "--no-wait"], { surface: ending(left) })).code).toBe(0);
      expect((yield* run(deploying, { surface: ending(left) })).code).toBe(6);
      expect((yield* run(deploying, { surface: ending(planned) })).code).toBe(6);
    }),
  );

  it.effect("names what is missing when no document was named", () =>
    Effect.gen(function* () {
      const ran = yield* run(["deploy", "-s", "web"]);
      expect(ran.code).toBe(2);
      expect(ran.err).toContain("nothing to deploy was named");
    }),
  );

  it.effect("shows the plan with --dry-run, and answers 0 though something would change", () =>
    Effect.gen(function* () {
      const surface: Partial<Surface.Methods> = {
        diff: () =>
          Effect.succeed({
            service: "web",
            namespace: "shop",
            strategy: "direct",
            choice: { rule: "default", why: "nothing has a say", threshold: 0.15 },
            ...planned.plan,
            cluster: "reachable",
            degraded: [],
          } as unknown as Operations.Output<"diff">),
      };
      const dry = yield* run([...deploying, "--dry-run"], { surface });
      expect(dry).toMatchObject({ code: 0 });
      expect(dry.out).toContain("spec.image: web:1 → web:nope");
      const args = ["diff", ...deploying.slice(1)];
      expect((yield* run(args, { surface })).code).toBe(1);
      const json = yield* run([...args, "-j"], { surface });
      expect(JSON.parse(json.out)).toMatchObject({ unchanged: false, cluster: "reachable" });
    }),
  );
});

describe("exit codes", () => {
  it.effect.each<[string, Operations.Failure, number]>([
    ["bad input", new BadInput({ message: "no" }), 2],
    ["what is not known", new NotFound({ message: "no" }), 3],
  ])("answers %s", ([, failure, code]) =>
    Effect.gen(function* () {
      const ran = yield* run(["history", "web"], { surface: refusing(failure) });
      expect(ran).toMatchObject({ code, out: "" });
      expect(ran.err).toContain("error: no");
    }),
  );

  it.effect("follows the reason of a refusal", () =>
    Effect.gen(function* () {
      const codes = yield* Effect.forEach(
        ["unknown_kind", "immutable_field", "forbidden", "field_conflict"] as const,
        (reason) =>
          Effect.map(
            run(deploying, { surface: refusing(new Refusal.Refused({ reason, message: "no" })) }),
            ({ code }) => code,
          ),
      );
      expect(codes).toEqual([2, 2, 4, 4]);
      const locked = yield* run(deploying, {
        surface: refusing(new Refusal.Locked({ message: "held by ci" })),
      });
      expect(locked.code).toBe(4);
    }),
  );

  it.effect("answers 5 where the cluster can't be reached, as JSON too", () =>
    Effect.gen(function* () {
      const failure = new ClusterError.ClusterUnreachable(cluster);
      const ran = yield* run([...deploying, "-j"], { surface: refusing(failure) });
      expect(ran.code).toBe(5);
      expect(JSON.parse(ran.out)).toEqual({
        error: "cluster_unreachable",
        code: "cluster_unreachable",
        reason: "cluster_unreachable",
        message: "no answer",
        evidence: [],
        advice: "",
      });
    }),
  );

  it.effect("prints a mistake as the one JSON document where JSON was asked for", () =>
    Effect.gen(function* () {
      const ran = yield* run(["deploy", "--nope", "-o", "json"]);
      expect(ran).toMatchObject({ code: 2, err: "" });
      expect(JSON.parse(ran.out)).toMatchObject({ code: "bad_input" });
    }),
  );

  it.effect("calls a bug a bug", () =>
    Effect.gen(function* () {
      const ran = yield* run(["history", "web"], {
        surface: { history: () => Effect.die(new Error("oh")) },
      });
      expect(ran.code).toBe(1);
      expect(ran.err).toContain("nopea has a bug here: Error: oh");
    }),
  );

  it.effect("ends a command that only reads at once when it is interrupted", () =>
    Effect.gen(function* () {
      const ran = yield* run(["history", "web", "-j"], {
        surface: { history: () => Effect.never },
        interrupted: Effect.void,
      });
      expect(ran.code).toBe(130);
      expect(JSON.parse(ran.out)).toMatchObject({ code: "interrupted" });
    }),
  );
});
