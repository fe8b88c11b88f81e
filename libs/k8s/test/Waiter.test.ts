/** When a wait ends and what it says, on a clock that the test moves. */
import { assert, describe, it } from "@effect/vitest";
import { Effect, Fiber } from "effect";
import * as Fake from "./support/FakeCluster.js";
import {
  crashed,
  creating,
  deployment,
  event,
  notFound,
  pod,
  pullDenied,
  ready,
  replicaSet,
  time,
} from "./support/Objects.js";
import { base, endsWith, waiting, web } from "./support/Waiting.js";

describe("a wait", () => {
  it.effect("is over at once where nothing is to be waited for, and watches nothing", () =>
    Effect.gen(function* () {
      const config = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "a", namespace: "ns" },
      };
      const { verdict, watched } = yield* waiting({}, [{ object: config }]);
      assert.isTrue(verdict()?.ready);
      assert.deepStrictEqual(verdict()?.objects, [config]);
      assert.isEmpty(watched);
    }),
  );

  it.effect("watches one object by its name, several by their collection", () =>
    Effect.gen(function* () {
      const one = yield* waiting({ objects: base() }, web);
      assert.include(
        one.watched.map(({ fieldSelector }) => fieldSelector),
        "metadata.name=web",
      );
      const two = yield* waiting({ objects: base() }, [...web, { object: deployment("api") }]);
      const deployments = two.watched.filter(({ kind }) => kind === "Deployment");
      assert.deepStrictEqual(
        deployments.map(({ fieldSelector }) => fieldSelector),
        [undefined],
      );
    }),
  );

  it.effect("ends ready when the last object is", () =>
    Effect.gen(function* () {
      const { verdict, change, of } = yield* waiting({
        objects: base(pod("a", "web-1", creating)),
      });
      assert.isUndefined(verdict());
      yield* change(deployment("web", { ready: 1 }));
      assert.isTrue(verdict()?.ready);
      assert.deepStrictEqual(
        of("object").map(({ ready, message }) => [ready, message]),
        [
          [false, "0 of 1 new pods ready"],
          [true, "1 of 1 pods ready"],
        ],
      );
    }),
  );

  it.effect("ends at once for a terminal reason, once each pod shows it", () =>
    Effect.gen(function* () {
      const { verdict, change, of } = yield* waiting({
        objects: base(pod("a", "web-1", notFound), pod("b", "web-1", creating)),
      });
      assert.isUndefined(verdict());
      yield* change(pod("b", "web-1", notFound));
      const { cause, second } = endsWith(verdict(), "image_not_found", false);
      assert.isBelow(second, 1);
      assert.strictEqual(cause.container, "app");
      assert.deepStrictEqual(
        of("finding").map(({ finding }) => finding.pod),
        ["a", "b"],
      );
    }),
  );

  it.effect(
    "does not end for a terminal reason when another new pod has become ready meanwhile",
    () =>
      Effect.gen(function* () {
        const { verdict, change, after } = yield* waiting({
          objects: base(pod("a", "web-1", notFound), pod("b", "web-1", creating)),
        });
        yield* after(5);
        yield* change(pod("b", "web-1", ready));
        yield* after(119);
        assert.isUndefined(verdict());
        yield* after(2);
        endsWith(verdict(), "image_not_found", true);
      }),
  );

  it.effect("gives a windowed reason its window, to the second", () =>
    Effect.gen(function* () {
      const { verdict, after } = yield* waiting({ objects: base(pod("a", "web-1", pullDenied)) });
      yield* after(29.9);
      assert.isUndefined(verdict());
      yield* after(1);
      const { second } = endsWith(verdict(), "image_pull_denied", false);
      assert.isAtMost(second, 31);
    }),
  );

  it.effect("takes windows from its settings", () =>
    Effect.gen(function* () {
      const { verdict, after } = yield* waiting(
        { objects: base(pod("a", "web-1", pullDenied)) },
        web,
        {
          windows: { image_pull_denied: 2_000 },
        },
      );
      yield* after(1.9);
      assert.isUndefined(verdict());
      yield* after(0.2);
      endsWith(verdict(), "image_pull_denied", false);
    }),
  );

  it.effect("ends for a reason that ends no wait, once that is given a window", () =>
    Effect.gen(function* () {
      const waits = pod("a", "web-1", {});
      const unschedulable = {
        ...waits,
        status: {
          phase: "Pending",
          conditions: [
            {
              type: "PodScheduled",
              status: "False",
              reason: "Unschedulable",
              message: "0/5 nodes",
            },
          ],
        },
      };
      const { verdict, after } = yield* waiting({ objects: base(unschedulable) }, web, {
        windows: { unschedulable: 2_000 },
      });
      yield* after(1.9);
      assert.isUndefined(verdict());
      yield* after(0.2);
      endsWith(verdict(), "unschedulable", false);
    }),
  );

  it.effect("forgets a windowed reason that mended, and begins anew when it comes back", () =>
    Effect.gen(function* () {
      const { verdict, change, after } = yield* waiting({
        objects: base(pod("a", "web-1", pullDenied)),
      });
      yield* after(20);
      yield* change(pod("a", "web-1", creating));
      yield* after(5);
      yield* change(pod("a", "web-1", pullDenied));
      yield* after(20);
      assert.isUndefined(verdict());
      yield* after(11);
      endsWith(verdict(), "image_pull_denied", false);
    }),
  );

  it.effect(
    "calls it a crash loop at the third run that failed, and brings the last run's words",
    () =>
      Effect.gen(function* () {
        const { verdict, change, after, asked } = yield* waiting({
          objects: base(pod("a", "web-1", crashed(1))),
        });
        yield* after(3);
        yield* change(pod("a", "web-1", { running: true, restarts: 2, last: [1, "Error", 2] }));
        yield* after(3);
        assert.isUndefined(verdict());
        yield* change(pod("a", "web-1", crashed(2, 5)));
        const { cause } = endsWith(verdict(), "crash_loop", false);
        assert.deepStrictEqual(asked, [{ container: "app", previous: true }]);
        assert.deepStrictEqual(
          cause.evidence.filter(({ kind }) => kind === "log").map(({ text }) => text),
          ["last words"],
        );
      }),
  );

  it.effect("does not end for a crash loop while another new pod is ready", () =>
    Effect.gen(function* () {
      const { verdict, after } = yield* waiting({
        objects: base(pod("a", "web-1", crashed(3)), pod("b", "web-1", ready)),
      });
      yield* after(119);
      assert.isUndefined(verdict());
      yield* after(2);
      endsWith(verdict(), "crash_loop", true);
    }),
  );

  it.effect("lets a crash loop wait for the rest of the set, and for one more run after it", () =>
    Effect.gen(function* () {
      const objects = {
        Deployment: [deployment("web"), deployment("db")],
        ReplicaSet: [replicaSet("web"), replicaSet("db")],
        Pod: [pod("a", "web-1", crashed(2)), pod("d", "db-1", creating)],
      };
      const { verdict, change, after } = yield* waiting({ objects }, [
        ...web,
        { object: deployment("db") },
      ]);
      yield* after(30);
      assert.isUndefined(verdict());
      const dbReady = pod("d", "db-1", ready);
      yield* change(
        {
          ...dbReady,
          status: {
            phase: "Running",
            conditions: [{ type: "Ready", status: "True", lastTransitionTime: time(30) }],
          },
        },
        deployment("db", { ready: 1 }),
      );
      yield* after(10);
      assert.isUndefined(verdict());
      yield* change(pod("a", "web-1", crashed(3, 35)));
      endsWith(verdict(), "crash_loop", false);
    }),
  );

  it.effect("never ends early for what only the time can tell", () =>
    Effect.gen(function* () {
      const { verdict, change, after } = yield* waiting({
        objects: base(pod("a", "web-1", { running: true })),
      });
      yield* change(event("a", "Unhealthy", "Readiness probe failed: 503", 1));
      yield* after(119);
      assert.isUndefined(verdict());
      yield* after(2);
      endsWith(verdict(), "probe_failing", true);
    }),
  );

  it.effect("ends with a timeout that says what was not ready where nothing says why", () =>
    Effect.gen(function* () {
      const { verdict, after } = yield* waiting({ objects: base(pod("a", "web-1", creating)) });
      yield* after(121);
      const { cause } = endsWith(verdict(), "timeout", true);
      assert.strictEqual(
        cause.message,
        "nothing became ready for 2m: Deployment/web is not ready: 0 of 1 new pods ready",
      );
    }),
  );

  it.effect("goes on as long as there is progress, to its deadline", () =>
    Effect.gen(function* () {
      const pods = Array.from({ length: 4 }, (_, index) => pod(`p${index}`, "web-1", creating));
      const { verdict, change, after } = yield* waiting({ objects: base(...pods) }, web, {
        deadlineMs: 400_000,
      });
      for (const index of [0, 1, 2]) {
        yield* after(110);
        yield* change(pod(`p${index}`, "web-1", ready));
        assert.isUndefined(verdict());
      }
      yield* after(80);
      const { second } = endsWith(verdict(), "timeout", true);
      assert.strictEqual(Math.floor(second), 400);
    }),
  );

  it.effect("does not take a pod that comes and goes for progress", () =>
    Effect.gen(function* () {
      const { verdict, change, after } = yield* waiting({
        objects: base(pod("a", "web-1", creating)),
      });
      yield* after(10);
      yield* change(pod("a", "web-1", ready));
      for (const _ of [1, 2, 3]) {
        yield* after(30);
        yield* change(pod("a", "web-1", { running: true }));
        yield* change(pod("a", "web-1", ready));
      }
      yield* after(31);
      assert.strictEqual(Math.floor(endsWith(verdict(), "timeout", true).second), 130);
    }),
  );

  it.effect("counts neither the old revision's pods nor those that are being deleted", () =>
    Effect.gen(function* () {
      const { verdict, after } = yield* waiting({
        objects: {
          Deployment: [deployment("web", { revision: "2" })],
          ReplicaSet: [replicaSet("web", "1"), replicaSet("web", "2")],
          Pod: [
            pod("old", "web-1", crashed(9)),
            pod("going", "web-2", notFound, { deletionTimestamp: time(1) }),
            pod("new", "web-2", creating),
          ],
        },
      });
      yield* after(60);
      assert.isUndefined(verdict());
    }),
  );

  const old = { creationTimestamp: time(-600) };

  it.effect("needs a new fact of a pod that was there before the apply", () =>
    Effect.gen(function* () {
      const { verdict, change, after } = yield* waiting({
        objects: base(pod("a", "web-1", notFound, old)),
      });
      yield* after(60);
      assert.isUndefined(verdict());
      yield* change(
        event("a", "Failed", 'Failed to pull image "reg.example.org/app:v1": manifest unknown', 61),
      );
      endsWith(verdict(), "image_not_found", false);
    }),
  );

  it.effect("needs none where no later fact can mend it: an image's name that can't be read", () =>
    Effect.gen(function* () {
      const unreadable = pod("a", "web-1", { waiting: ["InvalidImageName"] }, old);
      const { verdict } = yield* waiting({ objects: base(unreadable) });
      endsWith(verdict(), "image_reference_invalid", false);
    }),
  );

  it.effect("says nothing of pods before it has their events, for some seconds", () =>
    Effect.gen(function* () {
      const objects = base(pod("a", "web-1", crashed(3)));
      const patient = yield* waiting({ objects, silent: ["Event"] });
      yield* patient.after(2);
      assert.isEmpty(patient.of("finding"));
      const killed = event(
        "a",
        "Killing",
        "Container app failed liveness probe, will be restarted",
        1,
      );
      yield* patient.say({ type: "resynced", objects: [killed] }, "Event");
      yield* patient.after(10);
      assert.deepStrictEqual(
        patient.of("finding").map(({ finding }) => finding.reason),
        ["probe_failing"],
      );
      assert.isUndefined(patient.verdict());

      const unanswered = yield* waiting({ objects, silent: ["Event"] });
      yield* unanswered.after(4.9);
      assert.isUndefined(unanswered.verdict());
      yield* unanswered.after(0.2);
      endsWith(unanswered.verdict(), "crash_loop", false);
    }),
  );

  it.effect("names what the pods show when Kubernetes gives up on the rollout", () =>
    Effect.gen(function* () {
      const { verdict, change } = yield* waiting({
        objects: base(pod("a", "web-1", { running: true })),
      });
      yield* change(event("a", "Unhealthy", "Readiness probe failed: 503", 1));
      const gaveUp = {
        type: "Progressing",
        status: "False",
        reason: "ProgressDeadlineExceeded",
        lastUpdateTime: time(10),
      };
      yield* change(deployment("web", { conditions: [gaveUp] }));
      const { cause } = endsWith(verdict(), "probe_failing", false);
      assert.isTrue(cause.evidence.some(({ text }) => text.includes("ProgressDeadlineExceeded")));
    }),
  );

  it.effect("takes no notice of a rollout that was given up before the apply", () =>
    Effect.gen(function* () {
      const gaveUp = {
        type: "Progressing",
        status: "False",
        reason: "ProgressDeadlineExceeded",
        lastUpdateTime: time(-60),
      };
      const old = {
        ...replicaSet("web"),
        metadata: { ...replicaSet("web").metadata, creationTimestamp: time(-600) },
      };
      const { verdict, after } = yield* waiting({
        objects: { Deployment: [deployment("web", { conditions: [gaveUp] })], ReplicaSet: [old] },
      });
      yield* after(60);
      assert.isUndefined(verdict());
    }),
  );

  it.effect("counts a quota's window from the last pod that became ready", () =>
    Effect.gen(function* () {
      const refusal = {
        type: "ReplicaFailure",
        status: "True",
        message:
          'pods "web-x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1',
        lastTransitionTime: time(0),
      };
      const { verdict, change, after } = yield* waiting({
        objects: {
          ...base(pod("a", "web-1", creating)),
          ReplicaSet: [replicaSet("web", "1", [refusal])],
        },
      });
      yield* after(20);
      yield* change(pod("a", "web-1", ready));
      yield* after(29);
      assert.isUndefined(verdict());
      yield* after(2);
      endsWith(verdict(), "quota_exceeded", false);
    }),
  );

  it.effect("does without pods, events and logs that it may not read, and says so once", () =>
    Effect.gen(function* () {
      const blind = yield* waiting({ objects: base(), denies: ["Pod", "ReplicaSet", "Event"] });
      yield* blind.change(deployment("web", { ready: 1 }));
      assert.isTrue(blind.verdict()?.ready);
      assert.sameMembers(
        blind.of("degraded").map(({ what }) => what),
        ["pods", "events"],
      );

      const mute = yield* waiting({
        objects: base(pod("a", "web-1", crashed(2))),
        logs: () => Effect.fail(Fake.denied("get", "pods/log")),
      });
      endsWith(mute.verdict(), "crash_loop", false);
      assert.deepStrictEqual(
        mute.of("degraded").map(({ what }) => what),
        ["logs"],
      );
    }),
  );

  it.effect("reads its objects one by one where they may not be listed", () =>
    Effect.gen(function* () {
      const { verdict, of } = yield* waiting({
        objects: { Deployment: [deployment("web", { ready: 1 })] },
        denies: ["Deployment"],
      });
      assert.isTrue(verdict()?.ready);
      assert.deepStrictEqual(
        of("degraded").map(({ what }) => what),
        ["watch"],
      );
    }),
  );

  it.effect("says cluster_unreachable when the time is over and the connection is lost", () =>
    Effect.gen(function* () {
      const { verdict, say, after } = yield* waiting({
        objects: base(pod("a", "web-1", pullDenied)),
      });
      yield* after(10);
      yield* say({ type: "disconnected", message: "connection refused" }, "Deployment");
      yield* after(60);
      assert.isUndefined(verdict());
      yield* after(51);
      endsWith(verdict(), "cluster_unreachable", true);
    }),
  );

  it.effect("speaks of an object at most four times a second", () =>
    Effect.gen(function* () {
      const pods = Array.from({ length: 20 }, (_, index) => pod(`p${index}`, "web-1", creating));
      const { change, said } = yield* waiting({ objects: base(...pods) });
      for (const index of pods.keys()) yield* change(pod(`p${index}`, "web-1", ready));
      const spoken = said
        .filter(({ observation }) => observation.type === "object")
        .map(({ second }) => Math.round(second * 1_000));
      assert.isAbove(spoken.length, 2);
      for (const [index, at] of spoken.slice(1).entries())
        assert.isAtLeast(at - (spoken[index] ?? 0), 250);
    }),
  );

  it.effect("stops watching when it is over", () =>
    Effect.gen(function* () {
      const { fiber, watched, closed } = yield* waiting({
        objects: base(pod("a", "web-1", notFound)),
      });
      yield* Fiber.join(fiber);
      assert.strictEqual(watched.length, 4);
      assert.strictEqual(closed(), 4);
    }),
  );
});
