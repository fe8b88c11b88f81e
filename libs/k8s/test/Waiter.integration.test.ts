/**
 * Waiting on a real Kubernetes whose pods fail as their images' tags say (tools/testbed); skipped
 * where none can be had.
 */
import type { KubeObject } from "@nopea/domain";
import { assert, describe, it } from "@effect/vitest";
import { Chunk, Clock, Deferred, Effect, Option, Ref, Stream } from "effect";
import { inject } from "vitest";
import type { Cluster } from "../src/Cluster.js";
import { Clusters, layer } from "../src/Clusters.js";
import { observe, snapshot, type Verdict, type WaitSettings } from "../src/Waiter.js";

const testbed = inject("testbed");
const kubeconfig = "kubeconfig" in testbed ? testbed.kubeconfig : "";
const skipped = "missing" in testbed ? testbed.missing : undefined;

const settings: WaitSettings = {
  timeoutMs: 30_000,
  deadlineMs: 60_000,
  windows: {
    image_pull_denied: 3_000,
    container_config_missing: 3_000,
    volume_unavailable: 3_000,
    quota_exceeded: 3_000,
  },
  crashLoopRestarts: 2,
};

interface Shape {
  readonly replicas?: number;
  readonly containers?: ReadonlyArray<string>;
  readonly init?: ReadonlyArray<string>;
  readonly extra?: Record<string, unknown>;
  readonly spec?: Record<string, unknown>;
}

const containers = (images: ReadonlyArray<string>, prefix: string) =>
  images.map((image, index) => ({ name: `${prefix}${index}`, image: `example.org/app:${image}` }));

const template = (name: string, { containers: images = ["ok"], init = [], spec = {} }: Shape) => ({
  metadata: { labels: { app: name } },
  spec: {
    containers: containers(images, "c"),
    ...(init.length === 0 ? {} : { initContainers: containers(init, "i") }),
    ...spec,
  },
});

const workload = (
  kind: "Deployment" | "StatefulSet" | "DaemonSet",
  namespace: string,
  name: string,
  shape: Shape,
): KubeObject.KubeObject => ({
  apiVersion: "apps/v1",
  kind,
  metadata: { name, namespace },
  spec: {
    ...(kind === "DaemonSet" ? {} : { replicas: shape.replicas ?? 1 }),
    ...(kind === "StatefulSet" ? { serviceName: name } : {}),
    selector: { matchLabels: { app: name } },
    template: template(name, shape),
    ...shape.extra,
  },
});

const job = (namespace: string, name: string, shape: Shape): KubeObject.KubeObject => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name, namespace },
  spec: {
    backoffLimit: 0,
    template: template(name, { ...shape, spec: { restartPolicy: "Never" } }),
    ...shape.extra,
  },
});

/** A namespace of the test's own, gone afterwards. */
const inNamespace = <A, E>(
  body: (cluster: typeof Cluster.Service, namespace: string) => Effect.Effect<A, E>,
) =>
  Effect.gen(function* () {
    const clusters = yield* Clusters;
    const cluster = yield* clusters.connect({ kubeconfig });
    const made = yield* Effect.acquireRelease(
      cluster.create(
        { apiVersion: "v1", kind: "Namespace", metadata: { generateName: "wait-" } },
        { fieldManager: "test" },
      ),
      (namespace) =>
        cluster
          .remove({ apiVersion: "v1", kind: "Namespace", name: namespace.metadata.name ?? "" })
          .pipe(Effect.orDie),
    );
    const name = made.metadata.name ?? "";
    // Pods are refused until the namespace has its account.
    yield* cluster
      .get({ apiVersion: "v1", kind: "ServiceAccount", namespace: name, name: "default" })
      .pipe(Effect.repeat({ until: Option.isSome }), Effect.timeout("10 seconds"));
    return yield* body(cluster, name);
  }).pipe(Effect.scoped, Effect.provide(layer));

const apply = (cluster: typeof Cluster.Service, object: KubeObject.KubeObject) =>
  cluster.apply(object, { fieldManager: "test", force: true });

const wait = Effect.fnUntraced(function* (
  cluster: typeof Cluster.Service,
  objects: ReadonlyArray<KubeObject.KubeObject>,
  options: Partial<WaitSettings> = {},
) {
  const applied = yield* Effect.forEach(objects, (object) => apply(cluster, object));
  const observations = yield* observe(
    cluster,
    applied.map((object) => ({ object })),
    { ...settings, ...options },
  ).pipe(Stream.runCollect);
  const last = Option.getOrThrow(Chunk.last(observations));
  assert.strictEqual(last.type, "verdict");
  return {
    observations: Chunk.toReadonlyArray(observations),
    verdict: (last as { readonly verdict: Verdict }).verdict,
  };
});

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
        it.live(`names ${reason} of :${tag} in ${place} within a second`, () =>
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
