import { describe, expect, it } from "@effect/vitest";
import { Service } from "@nopea/domain";
import { Effect } from "effect";
import { run } from "./support.js";

const explained = {
  service: Service.ServiceName.make("web"),
  namespace: Service.Namespace.make("shop"),
  known: true,
  judged: "last",
  strategy: "direct",
  choice: { rule: "default", why: "neither was set", threshold: 0.15 },
  risk: {
    probability: 0.1,
    drivers: [
      { name: "service", text: "1 of the last 2 failed", logOdds: 0.4 },
      { name: "pace", text: "too little to say", logOdds: 0.01 },
      { name: "base", text: "2 of 40 deploys in this cluster failed", logOdds: -2.607 },
    ],
    basedOn: { service: 2, namespace: 9, cluster: 40 },
  },
  cluster: "reachable",
  degraded: [],
  warnings: [],
} as const;

const shown = (more: object) =>
  Effect.map(
    run(["explain", "web", "-n", "shop"], {
      width: 400,
      surface: { explain: () => Effect.succeed({ ...explained, ...more }) },
    }),
    ({ out }) => out.trimEnd().split("\n"),
  );

const judgeIt =
  "To judge the change at hand: nopea explain web -n shop -f <its manifests>; what it would do, object by object: nopea diff.";

describe("nopea explain", () => {
  it.effect("says where the risk begins, what changes it, and which change was judged", () =>
    Effect.gen(function* () {
      const answer = yield* shown({});
      expect(answer).toEqual([
        "web in shop would be deployed directly",
        "  neither was set",
        "",
        "The risk is 10 %:",
        "    7 % to begin with: 2 of 40 deploys in this cluster failed",
        "  + 1 of the last 2 failed",
        "  learnt from 2 deploys of the service, 9 of the namespace, 40 of the cluster",
        "",
        `This judges a change like its last one. ${judgeIt}`,
      ]);
      expect(yield* shown({ judged: "documents" })).toEqual(answer.slice(0, -2));
      expect((yield* shown({ judged: "any", known: false })).at(-1)).toBe(
        `nopea has learnt from no deploy of web yet: this is what can be said of any. ${judgeIt}`,
      );
    }),
  );

  it.effect("says once that a deploy would be refused, and why", () =>
    Effect.gen(function* () {
      const refusal = {
        error: "freeze_window",
        code: "freeze_window",
        message: "web in shop is not deployed now: the freeze window holidays is open",
        evidence: [],
        advice: "Deploy when it has closed.",
      };
      const answer = yield* shown({ strategy: undefined, choice: undefined, refusal });
      expect(answer.slice(0, 3)).toEqual([
        "web in shop would not be deployed now",
        "  the freeze window holidays is open",
        "  Deploy when it has closed.",
      ]);
    }),
  );
});
