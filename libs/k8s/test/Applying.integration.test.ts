/**
 * Planning and applying on a real Kubernetes API (tools/testbed). Skipped where none runs:
 * NOPEA_TESTBED_KUBECONFIG names its kubeconfig.
 */
import { assert, describe, it } from "@effect/vitest";
import { KubeObject } from "@nopea/domain";
import { Effect, Option, Schedule, type Scope } from "effect";
import { existsSync } from "node:fs";
import * as Applier from "../src/Applier.js";
import type { Cluster } from "../src/Cluster.js";
import { Clusters, layer } from "../src/Clusters.js";
import * as ConfigReaders from "../src/ConfigReaders.js";
import * as FieldSet from "../src/FieldSet.js";
import * as ManifestSet from "../src/ManifestSet.js";
import * as Marks from "../src/Marks.js";
import * as Ordering from "../src/Ordering.js";
import * as Planner from "../src/Planner.js";
import * as ThreeWay from "../src/ThreeWay.js";

const kubeconfig = process.env["NOPEA_TESTBED_KUBECONFIG"] ?? "";
const there = kubeconfig !== "" && existsSync(kubeconfig);
const MANAGER = "nopea";
const SERVICE = "shop";

type ClusterService = typeof Cluster.Service;
type Document = Readonly<Record<string, unknown>>;

interface Bench {
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
  readonly lastApplied: Map<string, KubeObject.KubeObject>;
  readonly live: (
    ref: Omit<KubeObject.ObjectRef, "namespace">,
  ) => Effect.Effect<KubeObject.KubeObject, unknown>;
}

const bench: Effect.Effect<Bench, unknown, Clusters | Scope.Scope> = Effect.gen(function* () {
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
  const plan: Bench["plan"] = (documents, more) =>
    Effect.flatMap(set(documents), (made) => Planner.plan(cluster, made, options(more)));
  const deploy: Bench["deploy"] = (documents, more) =>
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
  const live: Bench["live"] = (ref) =>
    cluster.get({ ...ref, namespace }).pipe(Effect.flatMap((found) => found));
  return { cluster, namespace, set, plan, deploy, lastApplied, live };
});

const configMap = (name: string, data: Document, more: Document = {}): Document => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
  ...more,
});

const deployment = (image: string, replicas?: number, more: Document = {}): Document => ({
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

const job = (image: string): Document => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: "migrate" },
  spec: {
    backoffLimit: 0,
    template: { spec: { restartPolicy: "Never", containers: [{ name: "a", image }] } },
  },
});

const WEB = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
const SETTINGS = { apiVersion: "v1", kind: "ConfigMap", name: "settings" };

const actions = (plan: Planner.SetPlan): ReadonlyArray<string> =>
  plan.entries.map(({ planned }) => planned.action);
const fields = (plan: Planner.SetPlan, index = 0): ReadonlyArray<string> =>
  (plan.entries[index]?.planned.fields ?? []).map(({ path }) => path);
const errorOf = <A>(effect: Effect.Effect<A, unknown>) =>
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
const clientSideApplied = (namespace: string, document: Document): KubeObject.KubeObject => {
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

const scale = (world: Bench, replicas: number, fieldManager: string) =>
  world.cluster.patch(
    { ...WEB, namespace: world.namespace },
    { type: "merge", body: { spec: { replicas } }, fieldManager, subresource: "scale" },
  );

describe.skipIf(!there)("planning and applying on a real API", () => {
  it.scopedLive("creates, then finds everything unchanged, then says which field changes", () =>
    Effect.gen(function* () {
      const world = yield* bench;
      const documents = [configMap("settings", { a: "1", b: "2" }), deployment("app:v1", 2)];
      assert.deepStrictEqual(actions(yield* world.plan(documents)), ["created", "created"]);
      const first = yield* world.deploy(documents);
      assert.deepStrictEqual(
        first.map(({ action }) => action),
        ["created", "created"],
      );
      const again = yield* world.plan(documents);
      assert.deepStrictEqual(actions(again), ["unchanged", "unchanged"]);
      assert.isTrue(again.plan.unchanged);
      const changed = yield* world.plan([
        configMap("settings", { a: "1", c: "3" }),
        deployment("app:v2", 2),
      ]);
      assert.deepStrictEqual(actions(changed), ["configured", "configured"]);
      assert.sameMembers([...fields(changed)], ['data["b"]', 'data["c"]']);
      assert.deepStrictEqual(changed.entries[1]?.planned.fields, [
        {
          path: "spec.template.spec.containers[name=web].image",
          change: "changed",
          before: "app:v1",
          after: "app:v2",
        },
      ]);
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive(
    "sends nothing for what is unchanged, and removes what the set no longer says",
    () =>
      Effect.gen(function* () {
        const world = yield* bench;
        yield* world.deploy([configMap("settings", { a: "1", b: "2" })]);
        const before = yield* world.live(SETTINGS);
        yield* world.deploy([configMap("settings", { a: "1", b: "2" })]);
        const same = yield* world.live(SETTINGS);
        assert.strictEqual(same.metadata.resourceVersion, before.metadata.resourceVersion);
        yield* world.deploy([configMap("settings", { a: "1" })]);
        assert.deepStrictEqual((yield* world.live(SETTINGS))["data"], { a: "1" });
      }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("reads thirty objects by one list and plans them the same", () =>
    Effect.gen(function* () {
      const world = yield* bench;
      const documents = Array.from({ length: 30 }, (_, index) =>
        configMap(`c-${index}`, { index: String(index) }),
      );
      yield* world.deploy(documents);
      const plan = yield* world.plan([...documents.slice(1), configMap("c-0", { index: "zero" })]);
      assert.deepStrictEqual(
        actions(plan).map((action) => action === "unchanged"),
        [...documents.slice(1).map(() => true), false],
      );
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("never shows a value of a Secret", () =>
    Effect.gen(function* () {
      const world = yield* bench;
      const secret = (value: string): Document => ({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "keys" },
        stringData: { key: value },
      });
      yield* world.cluster.create(
        clientSideApplied(world.namespace, {
          ...secret("first-hunter2"),
        }),
        { fieldManager: "kubectl-client-side-apply" },
      );
      const plan = yield* world.plan([secret("second-hunter2")]);
      const text = JSON.stringify(plan.plan);
      assert.notInclude(text, "hunter2");
      assert.notInclude(text, Buffer.from("second-hunter2").toString("base64"));
      assert.include(fields(plan), 'data["key"]');
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("adopts what kubectl applied, so that a field which the set lacks goes", () =>
    Effect.gen(function* () {
      const world = yield* bench;
      yield* world.cluster.create(
        clientSideApplied(world.namespace, configMap("settings", { a: "1", b: "2" })),
        { fieldManager: "kubectl-client-side-apply" },
      );
      const documents = [configMap("settings", { a: "changed" })];
      const plan = yield* world.plan(documents);
      assert.deepStrictEqual(actions(plan), ["adopted"]);
      assert.strictEqual(plan.entries[0]?.planned.note, "from kubectl-client-side-apply");
      assert.sameMembers([...fields(plan)], ['data["a"]', 'data["b"]', "metadata.labels"]);
      const [applied] = yield* world.deploy(documents);
      assert.strictEqual(applied?.action, "adopted");
      const live = yield* world.live(SETTINGS);
      assert.deepStrictEqual(live["data"], { a: "changed" });
      assert.isUndefined(live.metadata.annotations);
      assert.deepStrictEqual(actions(yield* world.plan(documents)), ["unchanged"]);
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("predicts of an adopted Deployment only what its document lacks, no defaults", () =>
    Effect.gen(function* () {
      const world = yield* bench;
      yield* world.cluster.create(
        clientSideApplied(
          world.namespace,
          deployment("app:v1", 2, { env: [{ name: "A", value: "1" }] }),
        ),
        { fieldManager: "kubectl-client-side-apply" },
      );
      const documents = [deployment("app:v2", 2)];
      const plan = yield* world.plan(documents);
      assert.sameMembers(
        [...fields(plan)],
        [
          "metadata.labels",
          "spec.template.spec.containers[name=web].image",
          "spec.template.spec.containers[name=web].env[name=A]",
        ],
      );
      yield* world.deploy(documents);
      assert.deepStrictEqual(actions(yield* world.plan(documents)), ["unchanged"]);
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("refuses a field that another manager owns, naming both; takes it when told", () =>
    Effect.gen(function* () {
      const world = yield* bench;
      yield* world.deploy([configMap("settings", { a: "1", b: "1" })]);
      yield* world.cluster.apply(
        configMap(
          "settings",
          { a: "theirs" },
          {
            metadata: { name: "settings", namespace: world.namespace },
          },
        ) as unknown as KubeObject.KubeObject,
        { fieldManager: "platform-team", force: true },
      );
      const documents = [configMap("settings", { a: "ours", b: "1" })];
      const error = yield* errorOf(world.plan(documents));
      assert.strictEqual(error.reason, "field_conflict");
      assert.include(error.message, 'data.a by "platform-team"');
      assert.include(error.advice ?? "", "--force-conflicts");
      yield* world.deploy(documents, { force: true });
      assert.deepStrictEqual((yield* world.live(SETTINGS))["data"], { a: "ours", b: "1" });
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("takes back what a person changed with kubectl where nopea applied it last", () =>
    Effect.gen(function* () {
      const world = yield* bench;
      const documents = [configMap("settings", { "a.b": "1" })];
      yield* world.deploy(documents);
      yield* world.cluster.patch(
        { ...SETTINGS, namespace: world.namespace },
        { type: "merge", body: { data: { "a.b": "by hand" } }, fieldManager: "kubectl-edit" },
      );
      const ref = { ...SETTINGS, namespace: world.namespace };
      const lastApplied = world.lastApplied.get(KubeObject.refKey(ref));
      const drift = ThreeWay.drift({
        object: ref,
        lastApplied,
        desired: lastApplied,
        live: yield* world.live(SETTINGS),
      });
      assert.deepStrictEqual([drift.state, drift.fields], ["manual_drift", ['data["a.b"]']]);
      const plan = yield* world.plan(documents);
      assert.deepStrictEqual(actions(plan), ["configured"]);
      assert.include(plan.plan.warnings[0] ?? "", 'data.a.b is taken back from "kubectl-edit"');
      yield* world.deploy(documents);
      assert.deepStrictEqual((yield* world.live(SETTINGS))["data"], { "a.b": "1" });
      // Without what was last applied nobody knows whose it was.
      yield* world.cluster.patch(ref, {
        type: "merge",
        body: { data: { "a.b": "again" } },
        fieldManager: "kubectl-edit",
      });
      const error = yield* errorOf(world.plan(documents, { lastApplied: new Map() }));
      assert.strictEqual(error.reason, "field_conflict");
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("stops at a count that a person scaled, and names the two ways out", () =>
    Effect.gen(function* () {
      const world = yield* bench;
      yield* world.deploy([deployment("app:v1", 2)]);
      yield* scale(world, 3, "kubectl");
      const error = yield* errorOf(world.plan([deployment("app:v2", 2)]));
      assert.strictEqual(error.reason, "field_conflict");
      assert.include(error.message, 'spec.replicas by "kubectl" (scale)');
      assert.include(error.advice ?? "", "replicas: 3");
      assert.include(error.advice ?? "", "--force-conflicts");
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("leaves the count to a controller that scales, and calls that no drift", () =>
    Effect.gen(function* () {
      const world = yield* bench;
      yield* world.deploy([deployment("app:v1", 2)]);
      yield* scale(world, 5, "kube-controller-manager");
      const ref = { ...WEB, namespace: world.namespace };
      const lastApplied = world.lastApplied.get(KubeObject.refKey(ref));
      const drift = ThreeWay.drift({
        object: ref,
        lastApplied,
        desired: lastApplied,
        live: yield* world.live(WEB),
      });
      assert.deepStrictEqual([drift.state, drift.fields], ["no_drift", []]);
      yield* world.deploy([deployment("app:v2", 2)]);
      assert.strictEqual(((yield* world.live(WEB))["spec"] as Document)["replicas"], 5);
      assert.deepStrictEqual(actions(yield* world.plan([deployment("app:v2", 2)])), ["unchanged"]);
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive(
    "keeps the live count while it still owns it and an autoscaler targets the workload",
    () =>
      Effect.gen(function* () {
        const world = yield* bench;
        yield* world.deploy([deployment("app:v1", 4)]);
        const autoscaler = {
          apiVersion: "autoscaling/v2",
          kind: "HorizontalPodAutoscaler",
          metadata: { name: "web" },
          spec: {
            minReplicas: 1,
            maxReplicas: 9,
            scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
            metrics: [
              {
                type: "Resource",
                resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
              },
            ],
          },
        };
        yield* world.deploy([deployment("app:v1", 2), autoscaler]);
        assert.strictEqual(((yield* world.live(WEB))["spec"] as Document)["replicas"], 4);
      }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("does not take an object from Helm or another service unless told", () =>
    Effect.gen(function* () {
      const world = yield* bench;
      yield* world.cluster.create(
        configMap(
          "settings",
          { a: "1", old: "x" },
          {
            metadata: {
              name: "settings",
              namespace: world.namespace,
              labels: { "app.kubernetes.io/managed-by": "Helm" },
              annotations: { "meta.helm.sh/release-name": "web" },
            },
          },
        ) as unknown as KubeObject.KubeObject,
        { fieldManager: "helm" },
      );
      const documents = [configMap("settings", { a: "2" })];
      const error = yield* errorOf(world.plan(documents));
      assert.strictEqual(error._tag, "TakeOverNeeded");
      assert.include(error.message, "Helm release web");
      assert.include(error.advice ?? "", "--take-over");
      yield* world.deploy(documents, { takeOver: true });
      const live = yield* world.live(SETTINGS);
      assert.deepStrictEqual(live["data"], { a: "2" });
      assert.isUndefined(live.metadata.annotations?.["meta.helm.sh/release-name"]);
      const other = yield* errorOf(
        world.plan(documents, { labels: Marks.memberLabels("applyset-other-v1") }),
      );
      assert.strictEqual(other._tag, "TakeOverNeeded");
      assert.include(other.message, "another service");
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("runs a Job anew only where it has finished and its template changed", () =>
    Effect.gen(function* () {
      const world = yield* bench;
      yield* world.deploy([job("job:ok")]);
      const ref = { apiVersion: "batch/v1", kind: "Job", name: "migrate" };
      const running = yield* errorOf(world.plan([job("job:ok2")]));
      assert.strictEqual(running.reason, "immutable_field");
      assert.include(running.message, "still runs");
      assert.include(running.message, "spec.template");
      yield* world.live(ref).pipe(
        Effect.repeat({
          until: (live) => JSON.stringify(live["status"]).includes('"type":"Complete"'),
          schedule: Schedule.spaced("200 millis"),
        }),
      );
      const same = yield* world.plan([job("job:ok")]);
      assert.deepStrictEqual(actions(same), ["unchanged"]);
      assert.include(same.entries[0]?.planned.note ?? "", "finished");
      const before = yield* world.live(ref);
      const plan = yield* world.plan([job("job:ok2")]);
      assert.deepStrictEqual(actions(plan), ["recreated"]);
      const [applied] = yield* world.deploy([job("job:ok2")]);
      assert.strictEqual(applied?.action, "recreated");
      assert.notStrictEqual((yield* world.live(ref)).metadata.uid, before.metadata.uid);
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive(
    "refuses an immutable field by name, and makes the object anew where its annotation allows it",
    () =>
      Effect.gen(function* () {
        const world = yield* bench;
        const selected = (label: string, annotations?: Document): Document => ({
          ...deployment("app:v1", 1),
          metadata: { name: "web", ...(annotations === undefined ? {} : { annotations }) },
          spec: {
            replicas: 1,
            selector: { matchLabels: { app: label } },
            template: {
              metadata: { labels: { app: label } },
              spec: { containers: [{ name: "web", image: "app:v1" }] },
            },
          },
        });
        yield* world.deploy([selected("one")]);
        const error = yield* errorOf(world.plan([selected("two")]));
        assert.strictEqual(error.reason, "immutable_field");
        assert.include(error.message, "spec.selector");
        const allowed = selected("two", { "nopea.dev/recreate": "true" });
        assert.deepStrictEqual(actions(yield* world.plan([allowed])), ["recreated"]);
        const [applied] = yield* world.deploy([allowed]);
        assert.strictEqual(applied?.action, "recreated");
      }).pipe(Effect.provide(layer)),
  );

  it.scopedLive(
    "plans what waits for something of its own set as unknown, and applies it at its turn",
    () =>
      Effect.gen(function* () {
        const world = yield* bench;
        const group = `${world.namespace}.example.org`;
        const definition = {
          apiVersion: "apiextensions.k8s.io/v1",
          kind: "CustomResourceDefinition",
          metadata: { name: `widgets.${group}` },
          spec: {
            group,
            scope: "Namespaced",
            names: { plural: "widgets", singular: "widget", kind: "Widget" },
            versions: [
              {
                name: "v1",
                served: true,
                storage: true,
                schema: {
                  openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
                },
              },
            ],
          },
        };
        yield* Effect.addFinalizer(() =>
          Effect.ignore(
            world.cluster.remove({
              apiVersion: definition.apiVersion,
              kind: definition.kind,
              name: definition.metadata.name,
            }),
          ),
        );
        const widget = {
          apiVersion: `${group}/v1`,
          kind: "Widget",
          metadata: { name: "one" },
          spec: { size: 1 },
        };
        const alone = yield* errorOf(world.plan([widget]));
        assert.strictEqual(alone.reason, "unknown_kind");
        assert.include(alone.message, "manifests[0]");
        const plan = yield* world.plan([widget, definition]);
        assert.deepStrictEqual(actions(plan), ["unknown", "created"]);
        const steps = yield* Ordering.steps(plan.entries);
        assert.deepStrictEqual(
          steps.map(({ after }) => after),
          ["nothing", "established"],
        );
        const applied = yield* world.deploy([widget, definition]);
        assert.deepStrictEqual(
          applied.map(({ action }) => action),
          ["created", "created"],
        );
        assert.deepStrictEqual(actions(yield* world.plan([widget, definition])), [
          "unchanged",
          "unchanged",
        ]);
      }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("names a namespace that is not there", () =>
    Effect.gen(function* () {
      const world = yield* bench;
      const made = yield* ManifestSet.make(
        [
          {
            object: configMap("settings", {}) as unknown as KubeObject.KubeObject,
            source: "a.yaml#1",
          },
        ],
        { service: SERVICE, namespace: `${world.namespace}-not`, alsoNamespaces: [] },
        world.cluster,
      );
      const plan = yield* Planner.plan(world.cluster, made, {
        fieldManager: MANAGER,
        force: false,
        takeOver: false,
        labels: {},
        lastApplied: new Map(),
      });
      assert.deepStrictEqual(actions(plan), ["unknown"]);
      assert.deepStrictEqual(plan.missingNamespaces, [`${world.namespace}-not`]);
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("tells all refusals of a plan in the first", () =>
    Effect.gen(function* () {
      const world = yield* bench;
      const bad = (name: string): Document => ({ ...configMap(name, {}), data: { a: 5 } });
      const error = yield* errorOf(world.plan([configMap("fine", {}), bad("one"), bad("two")]));
      assert.strictEqual(error.reason, "invalid_object");
      assert.include(error.message, "ConfigMap/one");
      const told = (error.evidence ?? []).map(({ text }) => text).join("\n");
      assert.include(told, "manifests[1]");
      assert.include(told, "manifests[2]");
      assert.isTrue(
        Option.isNone(
          yield* world.cluster.get({ ...SETTINGS, name: "fine", namespace: world.namespace }),
        ),
      );
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("says which changed config nothing reloads, and rolls it when asked", () =>
    Effect.gen(function* () {
      const world = yield* bench;
      const reader = deployment("app:v1", 1, { envFrom: [{ configMapRef: { name: "settings" } }] });
      yield* world.deploy([configMap("settings", { a: "1" }), reader]);
      const changed = [configMap("settings", { a: "2" }), reader];
      assert.deepStrictEqual(ConfigReaders.notReloaded(yield* world.plan(changed)), [
        "ConfigMap/settings",
      ]);
      const set = ConfigReaders.rollOnConfig(yield* world.set(changed));
      const rolled = yield* world.plan(set.entries.map(({ object }) => object));
      assert.deepStrictEqual(ConfigReaders.notReloaded(rolled), []);
    }).pipe(Effect.provide(layer)),
  );
});
