/** Planning and applying on a real Kubernetes API. Skipped where no test-bed runs. */
import { assert, describe, it } from "@effect/vitest";
import type { KubeObject } from "@nopea/domain";
import { Effect, Option, Schedule } from "effect";
import { Clusters, layer } from "../src/connection/Clusters.js";
import * as ConfigReaders from "../src/planning/ConfigReaders.js";
import * as ManifestSet from "../src/documents/ManifestSet.js";
import * as Ordering from "../src/documents/Ordering.js";
import * as Planner from "../src/planning/Planner.js";
import {
  MANAGER,
  SERVICE,
  SETTINGS,
  actions,
  makeWorld,
  clientSideApplied,
  configMap,
  deployment,
  errorOf,
  fields,
  job,
  kubeconfig,
  there,
  type Document,
} from "./support/Applying.js";

describe.skipIf(!there)("planning and applying on a real API", () => {
  it.scopedLive("creates, then finds everything unchanged, then says which field changes", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld;
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
        const world = yield* makeWorld;
        yield* world.deploy([configMap("settings", { a: "1", b: "2" })]);
        const before = yield* world.live(SETTINGS);
        yield* world.deploy([configMap("settings", { a: "1", b: "2" })]);
        const same = yield* world.live(SETTINGS);
        assert.strictEqual(same.metadata.resourceVersion, before.metadata.resourceVersion);
        yield* world.deploy([configMap("settings", { a: "1" })]);
        assert.deepStrictEqual((yield* world.live(SETTINGS))["data"], { a: "1" });
      }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("passes on what the API server warns of", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld;
      const endpoints = { apiVersion: "v1", kind: "Endpoints", metadata: { name: "old" } };
      const { plan } = yield* world.plan([endpoints, configMap("settings", { a: "1" })]);
      assert.strictEqual(plan.warnings.length, 1);
      assert.match(plan.warnings[0] ?? "", /^Endpoints\/old: v1 Endpoints is deprecated/);
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("reads thirty objects by one list and plans them the same", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld;
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
      const world = yield* makeWorld;
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

  it.scopedLive("runs a Job anew only where it has finished and its template changed", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld;
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
        const world = yield* makeWorld;
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
        const world = yield* makeWorld;
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
      const world = yield* makeWorld;
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

  it.scopedLive("says which permission is lacking, and plans what it can", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld;
      const stranger = yield* (yield* Clusters).connect({ kubeconfig, context: "stranger" });
      const set = yield* world.set([configMap("settings", { a: "1" })]);
      const plan = yield* Planner.plan(stranger, set, {
        fieldManager: MANAGER,
        force: false,
        takeOver: false,
        labels: {},
        lastApplied: new Map(),
      });
      assert.deepStrictEqual(actions(plan), ["unknown"]);
      assert.strictEqual(plan.denied.length, 1);
      assert.strictEqual(plan.denied[0]?.reason, "forbidden");
      assert.include(plan.entries[0]?.planned.note ?? "", "may not patch configmaps");
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("tells all refusals of a plan in the first", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld;
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
      const world = yield* makeWorld;
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
