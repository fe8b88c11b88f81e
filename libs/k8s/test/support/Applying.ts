/**
 * What the tests of planning and applying share: a namespace of their own on a real Kubernetes
 * API (tools/testbed; NOPEA_TESTBED_KUBECONFIG names its kubeconfig) and documents to put there.
 */
import { KubeObject } from "@nopea/domain";
import { Effect, type Scope } from "effect";
import { existsSync } from "node:fs";
import * as Applier from "../../src/planning/Applier.js";
import type { Cluster } from "../../src/connection/Cluster.js";
import { Clusters } from "../../src/connection/Clusters.js";
import * as FieldSet from "../../src/fields/FieldSet.js";
import * as ManifestSet from "../../src/documents/ManifestSet.js";
import * as Marks from "../../src/documents/Marks.js";
import * as Ordering from "../../src/documents/Ordering.js";
import * as Planner from "../../src/planning/Planner.js";

export const kubeconfig = process.env["NOPEA_TESTBED_KUBECONFIG"] ?? "";
export const there = kubeconfig !== "" && existsSync(kubeconfig);
export const MANAGER = "nopea";
export const SERVICE = "shop";

type ClusterService = typeof Cluster.Service;
export type Document = Readonly<Record<string, unknown>>;

export interface World {
  readonly cluster: ClusterService;
  readonly namespace: string;
  readonly set: (
    documents: ReadonlyArray<Document>,
  ) => Effect.Effect<ManifestSet.ManifestSet, unknown>;
  readonly plan: (
    documents: ReadonlyArray<Document>,
    options?: Partial<Planner.PlanOptions>,
  ) => Effect.Effect<Planner.SetPlan, unknown>;
  /** Plans, applies in order without waiting for readiness, and remembers what was applied. */
  readonly deploy: (
    documents: ReadonlyArray<Document>,
    options?: Partial<Planner.PlanOptions>,
  ) => Effect.Effect<ReadonlyArray<Applier.Applied>, unknown>;
  readonly options: Planner.PlanOptions;
  readonly lastApplied: Map<string, KubeObject.KubeObject>;
  readonly live: (
    ref: Omit<KubeObject.ObjectRef, "namespace">,
  ) => Effect.Effect<KubeObject.KubeObject, unknown>;
}

export const makeWorld: Effect.Effect<World, unknown, Clusters | Scope.Scope> = Effect.gen(
  function* () {
    const cluster = yield* (yield* Clusters).connect({ kubeconfig });
    const made = yield* Effect.acquireRelease(
      cluster.create(
        {
          apiVersion: "v1",
          kind: "Namespace",
          metadata: { generateName: "k8s-applying-" },
        },
        { fieldManager: "test" },
      ),
      (namespace) => Effect.ignore(cluster.remove(KubeObject.refOf(namespace))),
    );
    const namespace = made.metadata.name ?? "";
    const lastApplied = new Map<string, KubeObject.KubeObject>();
    const options = (more: Partial<Planner.PlanOptions> = {}): Planner.PlanOptions => ({
      fieldManager: MANAGER,
      force: false,
      takeOver: false,
      labels: Marks.memberLabels(Marks.applySetId({ namespace, name: `nopea-${SERVICE}` })),
      lastApplied,
      ...more,
    });
    const set = (documents: ReadonlyArray<Document>) =>
      ManifestSet.make(
        documents.map((object, index) => ({
          object: object as unknown as KubeObject.KubeObject,
          source: `manifests[${index}]`,
        })),
        { service: SERVICE, namespace, alsoNamespaces: [] },
        cluster,
      );
    const plan: World["plan"] = (documents, more) =>
      Effect.flatMap(set(documents), (made) => Planner.plan(cluster, made, options(more)));
    const deploy: World["deploy"] = (documents, more) =>
      Effect.gen(function* () {
        const planned = yield* plan(documents, more);
        const answers: Array<Applier.Applied> = [];
        for (const { entries } of yield* Ordering.steps(planned.entries)) {
          answers.push(
            ...(yield* Effect.forEach(entries, (entry) =>
              Applier.apply(cluster, entry, options(more)),
            )),
          );
        }
        for (const { response } of answers) {
          lastApplied.set(
            KubeObject.refKey(KubeObject.refOf(response)),
            FieldSet.cutDown(response, MANAGER),
          );
        }
        return answers;
      });
    const live: World["live"] = (ref) =>
      cluster.get({ ...ref, namespace }).pipe(Effect.flatMap((found) => found));
    return { cluster, namespace, set, plan, deploy, options: options(), lastApplied, live };
  },
);

export const configMap = (name: string, data: Document, more: Document = {}): Document => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
  ...more,
});

export const deployment = (image: string, replicas?: number, more: Document = {}): Document => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    ...(replicas === undefined ? {} : { replicas }),
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: {
        containers: [
          {
            name: "web",
            image,
            ports: [{ containerPort: 80 }],
            resources: { limits: { cpu: "1000m" } },
            ...more,
          },
        ],
      },
    },
  },
});

export const job = (image: string): Document => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: "migrate" },
  spec: {
    backoffLimit: 0,
    template: { spec: { restartPolicy: "Never", containers: [{ name: "a", image }] } },
  },
});

export const WEB = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
export const SETTINGS = { apiVersion: "v1", kind: "ConfigMap", name: "settings" };

export const actions = (plan: Planner.SetPlan): ReadonlyArray<string> =>
  plan.entries.map(({ planned }) => planned.action);
export const fields = (plan: Planner.SetPlan, index = 0): ReadonlyArray<string> =>
  (plan.entries[index]?.planned.fields ?? []).map(({ path }) => path);
export const errorOf = <A>(effect: Effect.Effect<A, unknown>) =>
  effect.pipe(
    Effect.flip,
    Effect.map(
      (error) =>
        error as {
          readonly _tag: string;
          readonly message: string;
          readonly reason?: string;
          readonly advice?: string;
          readonly evidence?: ReadonlyArray<{ readonly text: string }>;
        },
    ),
  );

/** What kubectl writes of its own: a client-side apply is a create with its annotation. */
export const clientSideApplied = (namespace: string, document: Document): KubeObject.KubeObject => {
  const metadata = { ...(document["metadata"] as Document), namespace };
  return {
    ...document,
    metadata: {
      ...metadata,
      annotations: {
        "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify({
          ...document,
          metadata,
        }),
      },
    },
  } as unknown as KubeObject.KubeObject;
};

export const scale = (world: World, replicas: number, fieldManager: string) =>
  world.cluster.patch(
    { ...WEB, namespace: world.namespace },
    { type: "merge", body: { spec: { replicas } }, fieldManager, subresource: "scale" },
  );
