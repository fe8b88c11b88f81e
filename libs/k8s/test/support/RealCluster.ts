/** The real cluster for a test of this room: a namespace of its own, workloads whose images' tags say how their pods fail. */
import type { KubeObject } from "@nopea/domain";
import { assert } from "@effect/vitest";
import { Chunk, Effect, Option, Stream } from "effect";
import { inject } from "vitest";
import type { Cluster } from "../../src/connection/Cluster.js";
import { Clusters, layer } from "../../src/connection/Clusters.js";
import { observe, type Verdict, type WaitSettings } from "../../src/waiting/Waiter.js";

const testbed = inject("testbed");
const kubeconfig = "kubeconfig" in testbed ? testbed.kubeconfig : "";
export const skipped = "missing" in testbed ? testbed.missing : undefined;

export const settings: WaitSettings = {
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

export interface Shape {
  readonly replicas?: number;
  readonly containers?: ReadonlyArray<string>;
  readonly init?: ReadonlyArray<string>;
  readonly extra?: Record<string, unknown>;
  readonly spec?: Record<string, unknown>;
}

export const containers = (images: ReadonlyArray<string>, prefix: string) =>
  images.map((image, index) => ({ name: `${prefix}${index}`, image: `example.org/app:${image}` }));

const template = (name: string, { containers: images = ["ok"], init = [], spec = {} }: Shape) => ({
  metadata: { labels: { app: name } },
  spec: {
    containers: containers(images, "c"),
    ...(init.length === 0 ? {} : { initContainers: containers(init, "i") }),
    ...spec,
  },
});

export const workload = (
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

export const job = (namespace: string, name: string, shape: Shape): KubeObject.KubeObject => ({
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
export const inNamespace = <A, E>(
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

export const apply = (cluster: typeof Cluster.Service, object: KubeObject.KubeObject) =>
  cluster.apply(object, { fieldManager: "test", force: true });

export const wait = Effect.fnUntraced(function* (
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
