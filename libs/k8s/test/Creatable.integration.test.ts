/** Many new objects, on a real Kubernetes API: planned as a dry-run of each would have it. Skipped where no test-bed runs. */
import { assert, describe, it } from "@effect/vitest";
import { KubeObject } from "@nopea/domain";
import { Effect, FastCheck as fc, Option } from "effect";
import { Clusters, layer } from "../src/connection/Clusters.js";
import { isValid } from "../src/planning/creatable.js";
import * as Planner from "../src/planning/Planner.js";
import {
  actions,
  configMap,
  type Document,
  kubeconfig,
  makeWorld,
  there,
  type World,
} from "./support/Applying.js";

const many = Array.from({ length: 24 }, (_, index) => configMap(`c-${index}`, { a: "1", b: "2" }));
const secrets = Array.from({ length: 21 }, (_, index): Document => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: `s-${index}` },
  data: { a: "MQ==" },
}));

/** The plan, and how many dry-runs it took; what other tests register at the same time is not seen. */
const counted = (world: World, documents: ReadonlyArray<Document>) =>
  Effect.gen(function* () {
    let dryRuns = 0;
    const cluster: World["cluster"] = {
      ...world.cluster,
      list: (collection) =>
        collection.apiVersion.startsWith("admissionregistration.k8s.io/")
          ? Effect.succeed({ items: [], resourceVersion: "" })
          : world.cluster.list(collection),
      apply: (object, options) => {
        dryRuns += 1;
        return world.cluster.apply(object, options);
      },
    };
    const planned = yield* Planner.plan(cluster, yield* world.set(documents), world.options);
    return { planned, dryRuns };
  });

/** Near what Kubernetes allows, on both sides. */
const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.stringMatching(/^[-._a-zA-Z0-9/]{0,12}$/),
  fc.stringMatching(/^[A-Za-z0-9+/]{0,8}={0,2}$/),
  fc.constantFrom("a".repeat(63), "a".repeat(64), "a".repeat(253), "b".repeat(254), "<<", "~", "y"),
);
const object = fc
  .record(
    {
      kind: fc.constantFrom("ConfigMap", "Secret"),
      data: fc.dictionary(text, text, { maxKeys: 3 }),
      labels: fc.dictionary(text, text, { maxKeys: 2 }),
      annotations: fc.dictionary(text, text, { maxKeys: 2 }),
      immutable: fc.boolean(),
    },
    { requiredKeys: ["kind"] },
  )
  .map(({ kind, labels = {}, annotations = {}, ...fields }) => ({
    apiVersion: "v1",
    kind,
    metadata: { labels, annotations },
    ...fields,
  }));

describe.skipIf(!there)("many new ConfigMaps and Secrets", () => {
  it.scopedLive("take a dry-run of one of each kind", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld;
      const odd = configMap("odd", { a: "1" }, { metadata: { name: "odd", finalizers: ["a/b"] } });
      const { planned, dryRuns } = yield* counted(world, [...many, ...secrets, odd]);
      assert.deepStrictEqual([...new Set(actions(planned))], ["created"]);
      assert.strictEqual(dryRuns, 3);
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("are each asked about where a quota counts them", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld;
      yield* world.cluster.create(
        {
          apiVersion: "v1",
          kind: "ResourceQuota",
          metadata: { name: "few", namespace: world.namespace },
          spec: { hard: { "count/configmaps": "100" } },
        } as unknown as KubeObject.KubeObject,
        { fieldManager: "test" },
      );
      const { planned, dryRuns } = yield* counted(world, many);
      assert.deepStrictEqual([...new Set(actions(planned))], ["created"]);
      assert.isAtLeast(dryRuns, many.length);
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("are unknown where their namespace doesn't exist", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld;
      const elsewhere = (yield* world.set(many)).entries.map((entry) => ({
        ...entry,
        object: {
          ...entry.object,
          metadata: { ...entry.object.metadata, namespace: "there-is-none" },
        },
      }));
      const planned = yield* Planner.plan(
        world.cluster,
        { entries: elsewhere, skipped: [], otherNamespaces: [], warnings: [] },
        world.options,
      );
      assert.deepStrictEqual([...new Set(actions(planned))], ["unknown"]);
      assert.deepStrictEqual(planned.missingNamespaces, ["there-is-none"]);
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("are each asked about where the account may not create them under any name", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld;
      const { namespace } = world;
      const group = { apiVersion: "rbac.authorization.k8s.io/v1" };
      const allowed = many.slice(0, -1).map(({ metadata }) => (metadata as { name: string }).name);
      const role = (kind: string, rules: ReadonlyArray<Document>) => ({
        ...group,
        kind,
        metadata: { name: namespace, namespace: kind === "Role" ? namespace : undefined },
        rules,
      });
      const binding = (kind: string) => ({
        ...group,
        kind: `${kind}Binding`,
        metadata: { name: namespace, namespace: kind === "Role" ? namespace : undefined },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name: namespace },
        subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "limited" }],
      });
      const core = { apiGroups: [""], resources: ["configmaps"] };
      const made = [
        role("Role", [
          { ...core, verbs: ["get", "list", "create"] },
          { ...core, verbs: ["patch"], resourceNames: allowed },
          { apiGroups: [""], resources: ["resourcequotas"], verbs: ["list"] },
        ]),
        role("ClusterRole", [
          { apiGroups: ["admissionregistration.k8s.io"], resources: ["*"], verbs: ["list"] },
        ]),
        binding("Role"),
        binding("ClusterRole"),
      ] as unknown as ReadonlyArray<KubeObject.KubeObject>;
      for (const one of made)
        yield* Effect.acquireRelease(
          world.cluster.create(one, { fieldManager: "test" }),
          (created) => Effect.ignore(world.cluster.remove(KubeObject.refOf(created))),
        );
      const limited = yield* (yield* Clusters).connect({ kubeconfig, context: "limited" });
      const { planned } = yield* counted({ ...world, cluster: limited }, many);
      assert.deepStrictEqual(actions(planned).slice(-2), ["created", "unknown"]);
      assert.lengthOf(planned.denied, 1);
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("are what the API server takes, whatever they say", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld;
      const samples = fc.sample(object, { numRuns: 3_000, seed: 20_261_124 });
      const valid = samples
        .map((one, index) => ({
          ...one,
          metadata: { ...one.metadata, name: `o-${index}`, namespace: world.namespace },
        }))
        .filter((one) => isValid(one));
      assert.isAtLeast(valid.length, 150, "so many are worth the test");
      yield* Effect.forEach(
        valid,
        (one) =>
          world.cluster
            .apply(one, { fieldManager: "nopea", dryRun: true })
            .pipe(
              Effect.map((answer) =>
                assert.deepStrictEqual(
                  [answer["data"], answer.metadata.labels, answer.metadata.annotations],
                  [
                    emptied(one.data),
                    emptied(one.metadata.labels),
                    emptied(one.metadata.annotations),
                  ],
                  JSON.stringify(one),
                ),
              ),
            ),
        { concurrency: 16, discard: true },
      );
      yield* world.cluster
        .get({
          apiVersion: "v1",
          kind: "ConfigMap",
          name: "o-0",
          namespace: world.namespace,
        })
        .pipe(
          Effect.map((found) => assert.isTrue(Option.isNone(found), "a dry-run leaves nothing")),
        );
    }).pipe(Effect.provide(layer)),
  );
});

/** The API server leaves empty maps out. */
function emptied(map: Readonly<Record<string, string>> | undefined) {
  return map === undefined || Object.keys(map).length === 0 ? undefined : map;
}
