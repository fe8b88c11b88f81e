/** Other managers, adoption and replicas on a real Kubernetes API. Skipped where no test-bed runs. */
import { assert, describe, it } from "@effect/vitest";
import { KubeObject } from "@nopea/domain";
import { Effect } from "effect";
import { layer } from "../src/connection/Clusters.js";
import * as Marks from "../src/documents/Marks.js";
import * as ThreeWay from "../src/fields/ThreeWay.js";
import {
  SETTINGS,
  WEB,
  actions,
  makeWorld,
  clientSideApplied,
  configMap,
  deployment,
  errorOf,
  fields,
  scale,
  there,
  type Document,
} from "./support/Applying.js";

describe.skipIf(!there)("whose a field is, on a real API", () => {
  it.scopedLive("adopts what kubectl applied, so that a field which the set lacks goes", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld;
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
      const world = yield* makeWorld;
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
      const world = yield* makeWorld;
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
      const world = yield* makeWorld;
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
      const world = yield* makeWorld;
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
      const world = yield* makeWorld;
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
        const world = yield* makeWorld;
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
      const world = yield* makeWorld;
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
});
