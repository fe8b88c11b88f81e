import { assert, describe, it } from "@effect/vitest";
import type { KubeObject } from "@nopea/domain";
import { Effect } from "effect";
import { ApiFailure } from "../src/connection/ClusterError.js";
import * as RolloutRevisions from "../src/history/RolloutRevisions.js";
import { make } from "./support/FakeCluster.js";
import { time } from "./support/Objects.js";
import { at, replicaSet, type Set } from "./support/Revisions.js";

const options = { now: at(10_000), marks: new Map<string, string>() };

const rollout = (
  status: object,
  strategy: object = { canary: { steps: [] } },
): KubeObject.KubeObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "web", namespace: "shop", uid: "uid-web", generation: 7 },
  spec: { strategy },
  status: { observedGeneration: "7", ...status },
});
const set = (fields: Set) => replicaSet(fields, "rollout.argoproj.io");
const sets = [
  set({ revision: 1, minute: 0 }),
  set({ revision: 2, minute: 500, image: "app:1.1.0" }),
];
const progressing = (reason: string, minute: number) => ({
  conditions: [{ type: "Progressing", status: "True", reason, lastUpdateTime: time(minute * 60) }],
});

const told = (
  owner: KubeObject.KubeObject,
  replicaSets: ReadonlyArray<KubeObject.KubeObject> = sets,
) =>
  RolloutRevisions.fromObjects({ rollouts: [owner], replicaSets }, options).deploys.map(
    ({ id, strategy, failed, reason, isRevert, revealedAt }) =>
      [
        `${id.split(".")[1]} ${strategy}:`,
        failed ? "failed" : "ok",
        reason ?? "",
        isRevert ? "revert" : "",
        `@${(revealedAt - at(0)) / 60_000}`,
      ]
        .filter((word) => word !== "")
        .join(" "),
  );

const first = "1 direct: ok @0";

describe("RolloutRevisions", () => {
  it.each<readonly [string, object, string | undefined]>([
    [
      "healthy and stable",
      {
        phase: "Healthy",
        stableRS: "500",
        currentPodHash: "500",
        ...progressing("NewReplicaSetAvailable", 510),
      },
      "2 canary: ok @510",
    ],
    [
      "aborted",
      {
        phase: "Degraded",
        abort: true,
        abortedAt: time(505 * 60),
        stableRS: "0",
        currentPodHash: "500",
      },
      "2 canary: failed rollout_aborted @505",
    ],
    [
      "too slow",
      {
        phase: "Degraded",
        stableRS: "0",
        currentPodHash: "500",
        ...progressing("ProgressDeadlineExceeded", 515),
      },
      "2 canary: failed progress_deadline_exceeded @515",
    ],
    [
      "aborted for want of progress",
      {
        phase: "Degraded",
        abort: true,
        abortedAt: time(505 * 60),
        stableRS: "0",
        currentPodHash: "500",
        conditions: [
          {
            type: "Progressing",
            status: "False",
            reason: "RolloutAborted",
            message:
              'Rollout aborted update to revision 2: ReplicaSet "web-500" has timed out progressing.',
          },
        ],
      },
      "2 canary: failed progress_deadline_exceeded @505",
    ],
    ["paused", { phase: "Paused", stableRS: "0", currentPodHash: "500" }, undefined],
    ["progressing", { phase: "Progressing", stableRS: "0", currentPodHash: "500" }, undefined],
    ["of an invalid spec", { phase: "Degraded", stableRS: "0", currentPodHash: "500" }, undefined],
    [
      "healthy but not stable",
      { phase: "Healthy", stableRS: "0", currentPodHash: "500" },
      undefined,
    ],
    [
      "not yet seen by its controller",
      { observedGeneration: "6", phase: "Healthy", stableRS: "500", currentPodHash: "500" },
      undefined,
    ],
    [
      "of pods that are another ReplicaSet's",
      { phase: "Healthy", stableRS: "0", currentPodHash: "0" },
      undefined,
    ],
  ])("judges a current revision that is %s", (_, status, expected) => {
    assert.deepStrictEqual(told(rollout(status)), [
      first,
      ...(expected === undefined ? [] : [expected]),
    ]);
  });

  it("takes one that was soon gone back from for failed", () => {
    const status = { phase: "Healthy", stableRS: "0", currentPodHash: "0" };
    assert.deepStrictEqual(
      told(
        rollout({ ...status, ...progressing("NewReplicaSetAvailable", 512) }, { blueGreen: {} }),
        [
          set({ revision: 3, history: "1", minute: 0 }),
          set({ revision: 2, minute: 500, image: "app:2" }),
        ],
      ),
      [first, "2 blue_green: failed @512", "3 blue_green: ok revert @512"],
    );
  });

  it.effect("finds nothing where there is no Argo Rollouts", () =>
    Effect.gen(function* () {
      const { cluster } = yield* make();
      const unknown = new ApiFailure({
        message: "no such kind",
        reason: "unknown_kind",
        status: 404,
        statusReason: "NotFound",
        verb: "list",
        causes: [],
      });
      const found = yield* RolloutRevisions.read(
        { ...cluster, list: () => Effect.fail(unknown) },
        "shop",
        options,
      );
      assert.deepStrictEqual(found, { deploys: [], skipped: [] });
    }),
  );
});
