import { describe, expect, it } from "@effect/vitest";
import { Service } from "@nopea/domain";
import type { Operations } from "@nopea/surface";
import { Effect, Stream } from "effect";
import { changeLines, type Said } from "../src/render/StatusChanges.js";
import { result, run, web } from "./support.js";

type Status = Operations.Output<"status">;
type ServiceStatus = Extract<Status, { readonly service: string }>;

const namespace = Service.Namespace.make("shop");
const { deployId, timestamp } = result();

const deployed = (id: string, status: "completed" | "failed" = "completed") => ({
  deployId: id as typeof deployId,
  status,
  service: Service.ServiceName.make("web"),
  namespace,
  strategy: "direct" as const,
  unchanged: false,
  timestamp,
});

const ready = { object: web, ready: true, message: "3 of 3 pods ready" };
const unready = (message: string) => ({ object: web, ready: false, message });

const status = (fields: Partial<ServiceStatus> = {}): ServiceStatus => ({
  service: Service.ServiceName.make("web"),
  namespace,
  known: true,
  current: deployed(deployId),
  ready: true,
  objects: [ready],
  drift: [],
  cluster: "reachable",
  degraded: [],
  warnings: [],
  ...fields,
});

const flying = (message: string, more: object = {}) => ({
  deployId: "2" as typeof deployId,
  status: "progressing" as const,
  since: timestamp,
  left: false,
  message,
  ...more,
});

const drifted = (...fields: ReadonlyArray<string>) => ({
  object: web,
  state: "manual_drift" as const,
  fields,
});

const of = (...services: ReadonlyArray<ServiceStatus>): Status => ({
  namespace,
  services,
  cluster: "reachable",
  degraded: [],
  warnings: [],
});

const gone = status({ cluster: "unreachable", ready: false, warnings: ["as it was: no answer"] });

const other = status({ service: Service.ServiceName.make("db") });

const rows: ReadonlyArray<
  readonly [what: string, looks: ReadonlyArray<Status>, lines: ReadonlyArray<string>]
> = [
  ["nothing of nothing", [status(), status()], []],
  [
    "a deploy that begins",
    [status(), status({ inFlight: flying("it is being carried out"), ready: false })],
    ["web: deploy 2 is under way: it is being carried out", "web is deploying"],
  ],
  [
    "how far it is, and that it is done",
    [
      status({ objects: [unready("0 of 3 new pods ready")], ready: false }),
      status({ objects: [unready("1 of 3 new pods ready")], ready: false }),
      status({ current: deployed("2") }),
    ],
    [
      "web: Deployment/web: 1 of 3 new pods ready",
      "web: deploy 2 completed",
      "web: Deployment/web is ready: 3 of 3 pods ready",
      "web is ready",
    ],
  ],
  [
    "a deploy that failed, with its reason",
    [
      status(),
      status({ latest: { ...deployed("2", "failed"), reason: "crash_loop" }, ready: false }),
    ],
    ["web: deploy 2 failed: crash_loop", "web is not ready"],
  ],
  [
    "a drift, another, and none any more",
    [
      status(),
      status({ drift: [drifted("spec.replicas")] }),
      status({ drift: [drifted("spec.replicas", "spec.paused")] }),
      status(),
    ],
    [
      "web: Deployment/web: manual_drift: spec.replicas",
      "web: Deployment/web: manual_drift: spec.replicas, spec.paused",
      "web: Deployment/web: no drift any more",
    ],
  ],
  [
    "a cluster that goes and comes back, and only what is different then",
    [status(), gone, gone, status({ drift: [drifted("spec.replicas")] })],
    [
      "warning: as it was: no answer",
      "the cluster answers",
      "web: Deployment/web: manual_drift: spec.replicas",
    ],
  ],
  [
    "a service that is new, and one that is not there any more",
    [of(status()), of(status(), other), of(other)],
    [`db: deploy ${deployId} completed`, "db is ready", "web is not known any more"],
  ],
  [
    "nothing that could clear a terminal",
    [status(), status({ objects: [unready("a\u001b[2Jb\nc")] })],
    ["web: Deployment/web: ab c"],
  ],
];

describe("what changed between two looks", () => {
  it.each(rows)("is %s", (_, [first, ...looks], expected) => {
    let said: Said = { known: first!, last: first! };
    const lines = looks.flatMap((look) => {
      const changed = changeLines(said, look);
      said = changed.said;
      return changed.lines;
    });
    expect(lines).toEqual(expected);
  });
});

const watching = (...looks: ReadonlyArray<Status>) => ({
  status: Object.assign(() => Effect.succeed(looks[0]!), {
    watch: () => Stream.fromIterable(looks),
  }),
});

describe("status --watch", () => {
  it.effect("prints the first look whole, then a line for each change", () =>
    Effect.gen(function* () {
      const { out, code } = yield* run(["status", "web", "--watch"], {
        surface: watching(status(), status({ drift: [drifted("spec.replicas")] })),
      });
      expect(code).toBe(0);
      expect(out).toContain("✓ web in shop: ready\n");
      expect(out.trimEnd().split("\n").at(-1)).toBe(
        "1970-01-01T00:00:00.000Z  web: Deployment/web: manual_drift: spec.replicas",
      );
    }),
  );

  it.effect("draws over what it drew in a terminal, never more than it has, and leaves it", () =>
    Effect.gen(function* () {
      const objects = Array.from({ length: 24 }, (_, index) => ({
        object: { ...web, name: `web-${index}` },
        ready: false,
        message: "0 of 3 new pods ready",
      }));
      const drawn: Array<string> = [];
      const { out } = yield* run(["status", "web", "--watch"], {
        surface: watching(status(), status({ ready: false, objects })),
        height: 10,
        drawn,
      });
      const last = drawn.at(-2)!.split("\n");
      expect(drawn[0]).toContain("web in shop: ready");
      expect(last).toHaveLength(9);
      expect(last.at(-1)).toMatch(/^and \d+ more lines$/);
      // The picture is taken away, and all of it printed in its place.
      expect(drawn.at(-1)).toBe("");
      expect(out).toContain("Deployment/web-23: 0 of 3 new pods ready");
    }),
  );

  it.effect("sends each look as a JSON line, and refuses forms that hold only one", () =>
    Effect.gen(function* () {
      const surface = watching(status(), status({ ready: false }));
      const { out } = yield* run(["status", "web", "--watch", "--stream"], { surface });
      const looks = out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown);
      expect(looks).toMatchObject([{ ready: true }, { ready: false }]);
      for (const form of [["-j"], ["-o", "yaml"], ["-o", "name"]]) {
        expect((yield* run(["status", "web", "--watch", ...form], { surface })).code).toBe(2);
      }
    }),
  );

  it.effect("ends with 130, without a word, when it is interrupted", () =>
    Effect.gen(function* () {
      const ran = yield* run(["status", "web", "--watch"], {
        surface: { status: Object.assign(() => Effect.never, { watch: () => Stream.never }) },
        interrupted: Effect.void,
      });
      expect(ran).toMatchObject({ code: 130, out: "", err: "" });
    }),
  );

  it.effect("ends when nobody reads it any more", () =>
    Effect.gen(function* () {
      const ran = yield* run(["status", "web", "--watch"], {
        surface: {
          status: Object.assign(() => Effect.never, {
            watch: () => Stream.concat(Stream.make(status()), Stream.never),
          }),
        },
        outClosed: Effect.void,
      });
      expect(ran.code).toBe(0);
    }),
  );
});
