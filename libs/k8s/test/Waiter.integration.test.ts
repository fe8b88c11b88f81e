/**
 * Waiting on a real Kubernetes whose pods fail as their images' tags say (tools/testbed); skipped
 * where none can be had.
 */
import { assert, describe, it } from "@effect/vitest";
import { Clock, Deferred, Effect, Ref, Schedule, Stream } from "effect";
import type { Cluster } from "../src/connection/Cluster.js";
import { snapshot, type Verdict } from "../src/waiting/Waiter.js";
import {
  apply,
  containers,
  inNamespace,
  job,
  settings,
  type Shape,
  skipped,
  wait,
  workload,
} from "./support/RealCluster.js";

const failed = (verdict: Verdict) => {
  assert.isFalse(verdict.ready, JSON.stringify(verdict));
  return verdict as Extract<Verdict, { ready: false }>;
};

type Decides = (container: {
  readonly restartCount: number;
  readonly state: { readonly waiting?: { readonly reason?: string } };
}) => boolean;

const waits =
  (reason: string, restarts = 0): Decides =>
  ({ restartCount, state }) =>
    state.waiting?.reason === reason && restartCount >= restarts;

/** Milliseconds from the first sight of the deciding state, on a watch of the test's own, to the verdict. */
const timed = <A extends { readonly verdict: Verdict }, E>(
  cluster: typeof Cluster.Service,
  namespace: string,
  decides: Decides,
  waiting: Effect.Effect<A, E>,
) =>
  Effect.gen(function* () {
    const decided = yield* Ref.make<number | undefined>(undefined);
    const listening = yield* Deferred.make<void>();
    yield* cluster.watch({ apiVersion: "v1", kind: "Pod", namespace }).pipe(
      Stream.runForEach((event) =>
        Effect.gen(function* () {
          const pods =
            event.type === "changed"
              ? [event.object]
              : event.type === "resynced"
                ? event.objects
                : [];
          const shows = pods.some((pod) => {
            const status = pod["status"] as Record<string, ReadonlyArray<never> | undefined>;
            return [
              ...(status["initContainerStatuses"] ?? []),
              ...(status["containerStatuses"] ?? []),
            ].some(decides);
          });
          const now = yield* Clock.currentTimeMillis;
          if (shows) yield* Ref.update(decided, (before) => before ?? now);
          yield* Deferred.succeed(listening, undefined);
        }),
      ),
      Effect.forkScoped,
    );
    yield* Deferred.await(listening);
    const result = yield* waiting;
    const end = yield* Clock.currentTimeMillis;
    // A verdict that is there before this watch has seen the state is not late at all.
    return { ...result, lateMs: end - ((yield* Ref.get(decided)) ?? end) };
  }).pipe(Effect.scoped);

describe.skipIf(skipped !== undefined)(
  "waiting on a real cluster",
  { concurrent: true, timeout: 90_000 },
  () => {
    const terminal: ReadonlyArray<
      readonly [tag: string, reason: string, decides: Decides, logs: boolean]
    > = [
      ["pull-fails", "image_not_found", waits("ErrImagePull"), false],
      ["bad-name", "image_reference_invalid", waits("InvalidImageName"), false],
      ["start-fails", "container_start_failed", waits("RunContainerError"), false],
      ["crashes", "crash_loop", waits("CrashLoopBackOff", 2), true],
      ["oom", "out_of_memory", waits("CrashLoopBackOff", 1), true],
    ];
    const places: ReadonlyArray<readonly [string, (tag: string) => Shape, string]> = [
      ["the first container", (tag) => ({ containers: [tag, "ok"] }), "c0"],
      ["a second container", (tag) => ({ containers: ["ok", tag] }), "c1"],
      ["an init container", (tag) => ({ init: [tag], containers: ["ok"] }), "i0"],
    ];
    for (const [tag, reason, decides, logs] of terminal)
      for (const [place, shape, container] of places)
        // A machine that is busy is late once; a rule that is late is late each time.
        it.live(
          `names ${reason} of :${tag} in ${place} within a second`,
          () =>
            inNamespace((cluster, namespace) =>
              Effect.gen(function* () {
                const { verdict, lateMs } = yield* timed(
                  cluster,
                  namespace,
                  decides,
                  wait(cluster, [workload("Deployment", namespace, "web", shape(tag))]),
                );
                const { cause, timedOut } = failed(verdict);
                assert.deepStrictEqual(
                  [cause.reason, cause.container, timedOut],
                  [reason, container, false],
                );
                assert.isBelow(lateMs, 1_000);
                assert.strictEqual(
                  cause.evidence.some(({ kind }) => kind === "log"),
                  logs,
                );
              }),
            ),
          { retry: 2 },
        );

    const windowed: ReadonlyArray<readonly [tag: string, reason: string]> = [
      ["pull-denied", "image_pull_denied"],
      ["bad-config", "container_config_missing"],
      ["mount-fails", "volume_unavailable"],
    ];
    for (const [tag, reason] of windowed)
      it.live(`names ${reason} of :${tag} once its window is over`, () =>
        inNamespace((cluster, namespace) =>
          Effect.gen(function* () {
            const start = yield* Clock.currentTimeMillis;
            const { verdict, observations } = yield* wait(cluster, [
              workload("Deployment", namespace, "web", { containers: ["ok", tag] }),
            ]);
            const took = (yield* Clock.currentTimeMillis) - start;
            const { cause, timedOut } = failed(verdict);
            assert.deepStrictEqual([cause.reason, timedOut], [reason, false]);
            assert.isTrue(observations.some((each) => each.type === "finding"));
            assert.isAbove(took, 3_000);
            assert.isBelow(took, 3_000 + 3_000);
          }),
        ),
      );

    for (const tag of ["never-ready", "killed-by-probe"])
      it.live(`names probe_failing of :${tag} when the time is over`, () =>
        inNamespace((cluster, namespace) =>
          Effect.gen(function* () {
            const { verdict } = yield* wait(
              cluster,
              [workload("Deployment", namespace, "web", { containers: [tag] })],
              { timeoutMs: 5_000 },
            );
            const { cause, timedOut } = failed(verdict);
            assert.deepStrictEqual([cause.reason, timedOut], ["probe_failing", true]);
          }),
        ),
      );

    it.live("names job_failed with the pod's exit code and last lines", () =>
      inNamespace((cluster, namespace) =>
        Effect.gen(function* () {
          const { verdict } = yield* wait(cluster, [
            job(namespace, "migrate", { containers: ["job-fails"] }),
          ]);
          const { cause, timedOut } = failed(verdict);
          assert.deepStrictEqual([cause.reason, timedOut], ["job_failed", false]);
          assert.includeMembers(
            cause.evidence.map(({ kind }) => kind),
            ["condition", "exit", "log"],
          );
        }),
      ),
    );

    it.live("names quota_exceeded with its figures after its window", () =>
      inNamespace((cluster, namespace) =>
        Effect.gen(function* () {
          yield* apply(cluster, {
            apiVersion: "v1",
            kind: "ResourceQuota",
            metadata: { name: "small", namespace },
            spec: { hard: { pods: "1" } },
          });
          yield* Effect.sleep("500 millis");
          const { verdict } = yield* wait(cluster, [
            workload("Deployment", namespace, "web", { replicas: 3 }),
          ]);
          const { cause, timedOut } = failed(verdict);
          assert.deepStrictEqual([cause.reason, timedOut], ["quota_exceeded", false]);
          assert.isTrue(
            cause.evidence.some(({ kind, text }) => kind === "quota" && text.includes("pods=1")),
          );
        }),
      ),
    );

    it.live("names unschedulable of a request for 100 CPUs when the time is over", () =>
      inNamespace((cluster, namespace) =>
        Effect.gen(function* () {
          const object = workload("Deployment", namespace, "web", {
            spec: {
              containers: [
                {
                  name: "c0",
                  image: "example.org/app:ok",
                  resources: { requests: { cpu: "100" } },
                },
              ],
            },
          });
          const { verdict } = yield* wait(cluster, [object], { timeoutMs: 3_000 });
          const { cause, timedOut } = failed(verdict);
          assert.deepStrictEqual([cause.reason, timedOut], ["unschedulable", true]);
          assert.include(cause.message, "Insufficient cpu");
        }),
      ),
    );

    it.live("names admission_denied of a namespace that allows only restricted pods", () =>
      inNamespace((cluster, namespace) =>
        Effect.gen(function* () {
          yield* apply(cluster, {
            apiVersion: "v1",
            kind: "Namespace",
            metadata: {
              name: namespace,
              labels: { "pod-security.kubernetes.io/enforce": "restricted" },
            },
          });
          for (const kind of ["Deployment", "StatefulSet", "DaemonSet"] as const) {
            const { verdict } = yield* wait(cluster, [
              workload(kind, namespace, kind.toLowerCase(), {}),
            ]);
            const { cause, timedOut } = failed(verdict);
            assert.deepStrictEqual(
              [kind, cause.reason, timedOut],
              [kind, "admission_denied", false],
            );
          }
        }),
      ),
    );

    it.live("names admission_denied of a policy that denies pods, in the policy's words", () =>
      inNamespace((cluster, namespace) =>
        Effect.gen(function* () {
          const policy = {
            apiVersion: "admissionregistration.k8s.io/v1",
            kind: "ValidatingAdmissionPolicy",
            metadata: { name: namespace },
            spec: {
              matchConstraints: {
                namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
                resourceRules: [
                  {
                    apiGroups: [""],
                    apiVersions: ["v1"],
                    operations: ["CREATE"],
                    resources: ["pods"],
                  },
                ],
              },
              validations: [{ expression: "false", message: "no pods today" }],
            },
          };
          const binding = {
            apiVersion: "admissionregistration.k8s.io/v1",
            kind: "ValidatingAdmissionPolicyBinding",
            metadata: { name: namespace },
            spec: { policyName: namespace, validationActions: ["Deny"] },
          };
          for (const object of [policy, binding])
            yield* Effect.acquireRelease(apply(cluster, object), ({ apiVersion, kind }) =>
              cluster.remove({ apiVersion, kind, name: namespace }).pipe(Effect.orDie),
            );
          // The API server takes a moment to load a policy.
          yield* cluster
            .apply(
              {
                apiVersion: "v1",
                kind: "Pod",
                metadata: { name: "probe", namespace },
                spec: { containers: containers(["ok"], "c") },
              },
              { fieldManager: "test", dryRun: true },
            )
            .pipe(
              Effect.flip,
              Effect.retry({ schedule: Schedule.spaced("200 millis"), times: 50 }),
            );
          const { verdict } = yield* wait(cluster, [workload("Deployment", namespace, "web", {})]);
          const { cause, timedOut } = failed(verdict);
          assert.deepStrictEqual([cause.reason, timedOut], ["admission_denied", false]);
          assert.include(cause.message, "no pods today");
        }).pipe(Effect.scoped),
      ),
    );

    it.live("says no more of a pod that fails only after all was ready", () =>
      inNamespace((cluster, namespace) =>
        Effect.gen(function* () {
          const { verdict } = yield* wait(cluster, [
            workload("Deployment", namespace, "web", { containers: ["dies-later"] }),
          ]);
          assert.isTrue(verdict.ready);
        }),
      ),
    );

    it.live("sees a pod die while its Deployment still waits for it to be available", () =>
      inNamespace((cluster, namespace) =>
        Effect.gen(function* () {
          const { verdict } = yield* wait(cluster, [
            workload("Deployment", namespace, "web", {
              containers: ["dies-later"],
              extra: { minReadySeconds: 20 },
            }),
          ]);
          const { cause, timedOut } = failed(verdict);
          assert.deepStrictEqual([cause.reason, timedOut], ["crash_loop", false]);
        }),
      ),
    );

    for (const kind of ["StatefulSet", "DaemonSet"] as const)
      it.live(`names image_not_found of a ${kind}`, () =>
        inNamespace((cluster, namespace) =>
          Effect.gen(function* () {
            yield* wait(cluster, [workload(kind, namespace, "web", {})]);
            const { verdict } = yield* wait(cluster, [
              workload(kind, namespace, "web", { containers: ["pull-fails"] }),
            ]);
            assert.strictEqual(failed(verdict).cause.reason, "image_not_found");
          }),
        ),
      );

    for (const tag of ["slow", "crashes-twice", "pull-limited", "ok"])
      it.live(`raises no alarm over :${tag}`, () =>
        inNamespace((cluster, namespace) =>
          Effect.gen(function* () {
            const { verdict } = yield* wait(cluster, [
              workload("Deployment", namespace, "web", { replicas: 2, containers: [tag] }),
            ]);
            assert.isTrue(verdict.ready, JSON.stringify(verdict));
          }),
        ),
      );

    for (const kind of ["Deployment", "DaemonSet"] as const)
      it.live(`lets a fix over a crash-looping ${kind} complete`, () =>
        inNamespace((cluster, namespace) =>
          Effect.gen(function* () {
            const broken = yield* wait(cluster, [
              workload(kind, namespace, "web", { containers: ["crashes"] }),
            ]);
            assert.isFalse(broken.verdict.ready);
            const { verdict } = yield* wait(cluster, [
              workload(kind, namespace, "web", { containers: ["ok"] }),
            ]);
            assert.isTrue(verdict.ready, JSON.stringify(verdict));
          }),
        ),
      );

    it.live("names the broken old pod that an OrderedReady StatefulSet waits for", () =>
      inNamespace((cluster, namespace) =>
        Effect.gen(function* () {
          yield* wait(cluster, [
            workload("StatefulSet", namespace, "db", { containers: ["crashes"] }),
          ]);
          const { verdict } = yield* wait(
            cluster,
            [workload("StatefulSet", namespace, "db", { containers: ["ok"] })],
            { timeoutMs: 3_000 },
          );
          const { cause, timedOut } = failed(verdict);
          assert.deepStrictEqual([cause.reason, timedOut], ["timeout", true]);
          assert.include(cause.message, "the old pod db-0 is not ready");
        }),
      ),
    );

    it.live("judges once what a wait would have found", () =>
      inNamespace((cluster, namespace) =>
        Effect.gen(function* () {
          const web = workload("Deployment", namespace, "web", { containers: ["pull-fails"] });
          yield* wait(cluster, [web]);
          const config = {
            apiVersion: "v1",
            kind: "ConfigMap",
            metadata: { name: "gone", namespace },
          };
          const seen = yield* snapshot(cluster, [{ object: web }, { object: config }], settings);
          assert.isFalse(seen.ready);
          assert.deepStrictEqual(
            seen.terminal.map(({ reason }) => reason),
            ["image_not_found"],
          );
          assert.deepStrictEqual(
            seen.objects.map(({ missing }) => missing),
            [false, true],
          );
        }),
      ),
    );

    it.live("lets 300 replicas that take longer than the timeout in all complete", () =>
      inNamespace((cluster, namespace) =>
        Effect.gen(function* () {
          const { verdict } = yield* wait(
            cluster,
            [workload("Deployment", namespace, "wide", { replicas: 300 })],
            { timeoutMs: 3_000 },
          );
          assert.isTrue(verdict.ready, JSON.stringify(verdict).slice(0, 500));
        }),
      ),
    );
  },
);
