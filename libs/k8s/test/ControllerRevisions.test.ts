import { assert, describe, it } from "@effect/vitest";
import type { KubeObject } from "@nopea/domain";
import { Effect } from "effect";
import * as ControllerRevisions from "../src/history/ControllerRevisions.js";
import { make } from "./support/FakeCluster.js";
import { at, controllerRevision, pod } from "./support/Revisions.js";

const options = { now: at(10_000), marks: new Map<string, string>() };

type Kind = "StatefulSet" | "DaemonSet";

const workload = (kind: Kind, status: object): KubeObject.KubeObject => ({
  apiVersion: "apps/v1",
  kind,
  metadata: { name: "web", namespace: "shop", uid: "uid-web", generation: 2 },
  spec: { replicas: 2 },
  status: { observedGeneration: 2, ...status },
});
/** All pods are of the revision that was made in that minute. */
const runs = (kind: Kind, minute: number) =>
  workload(
    kind,
    kind === "StatefulSet"
      ? { currentRevision: `web-${minute}`, updateRevision: `web-${minute}`, availableReplicas: 2 }
      : { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 },
  );
/** None is available. */
const fails = (kind: Kind, minute: number) =>
  workload(
    kind,
    kind === "StatefulSet"
      ? { currentRevision: "web-0", updateRevision: `web-${minute}`, availableReplicas: 0 }
      : { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 0 },
  );

const told = (
  workloads: ReadonlyArray<KubeObject.KubeObject>,
  revisions: ReadonlyArray<KubeObject.KubeObject>,
  pods: ReadonlyArray<KubeObject.KubeObject> = [],
) =>
  ControllerRevisions.fromObjects({ workloads, revisions, pods }, options).deploys.map(
    ({ id, startedAt, failed, reason, isRevert, change }) =>
      [
        `${id.split(".")[1]}@${(startedAt - at(0)) / 60_000}:`,
        failed ? "failed" : "ok",
        reason ?? "",
        isRevert ? "revert" : "",
        change?.kind ?? "unknown",
      ]
        .filter((word) => word !== "")
        .join(" "),
  );

describe.each<Kind>(["StatefulSet", "DaemonSet"])("ControllerRevisions of a %s", (kind) => {
  const revision = (number: number, minute: number, image = `app:${minute}`) =>
    controllerRevision(kind, number, minute, { image });

  it("reads one revision after the other", () => {
    assert.deepStrictEqual(
      told([runs(kind, 900)], [revision(3, 900), revision(1, 0), revision(2, 500)]),
      ["1@0: ok manifests", "2@500: ok image", "3@900: ok image"],
    );
  });

  it("does not know of one that is under way, or soon replaced", () => {
    assert.deepStrictEqual(
      told([fails(kind, 530)], [revision(1, 0), revision(2, 500), revision(3, 530)]),
      ["1@0: ok manifests"],
    );
  });

  it("leaves out a step back and what came before it, for no time of it is kept", () => {
    assert.deepStrictEqual(told([runs(kind, 0)], [revision(3, 0), revision(2, 500)]), [
      "1@0: ok manifests",
    ]);
  });

  it("finds the first number of one that was gone back to by the hole in the numbers", () => {
    // In order of their numbers: a b c a d; b is deleted, so that a may have been the first or the second.
    assert.deepStrictEqual(
      told([runs(kind, 900)], [revision(4, 0), revision(3, 500), revision(5, 900)]),
      ["5@900: ok image"],
    );
    // a b c a c: both have two numbers.
    assert.deepStrictEqual(
      told([runs(kind, 700)], [revision(4, 0), revision(2, 300), revision(5, 700)]),
      ["1@0: ok manifests", "2@300: ok image"],
    );
  });

  it("takes one for failed whose pods all show why they never run", () => {
    const label = kind === "StatefulSet" ? "web-500" : "500";
    const pods = (waiting: string, hash = label) => [
      pod("uid-web", kind, waiting, 501, { "controller-revision-hash": hash }),
    ];
    const revisions = [revision(1, 0), revision(2, 500)];
    assert.deepStrictEqual(told([fails(kind, 500)], revisions, pods("InvalidImageName")).slice(1), [
      "2@500: failed image_reference_invalid image",
    ]);
    assert.deepStrictEqual(
      told([fails(kind, 500)], revisions, pods("ContainerCreating")).slice(1),
      [],
    );
    assert.deepStrictEqual(
      told([fails(kind, 500)], revisions, pods("InvalidImageName", "web-0")).slice(1),
      [],
    );
  });

  it.effect("asks for the pods of what does not run", () =>
    Effect.gen(function* () {
      const { cluster } = yield* make({
        objects: {
          [kind]: [fails(kind, 0)],
          ControllerRevision: [revision(1, 0)],
          Pod: [
            pod("uid-web", kind, "InvalidImageName", 1, {
              "controller-revision-hash": kind === "StatefulSet" ? "web-0" : "0",
            }),
          ],
        },
      });
      const { deploys } = yield* ControllerRevisions.read(cluster, "shop", options);
      assert.deepStrictEqual(
        deploys.map(({ reason }) => reason),
        ["image_reference_invalid"],
      );
    }),
  );
});
