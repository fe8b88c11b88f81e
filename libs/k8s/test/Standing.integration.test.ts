/** Many objects that stand, on a real Kubernetes API: planned as a dry-run of each would have it. Skipped where no test-bed runs. */
import { assert, describe, it } from "@effect/vitest";
import type { KubeObject } from "@nopea/domain";
import { Effect, Schedule } from "effect";
import { layer } from "../src/connection/Clusters.js";
import * as Planner from "../src/planning/Planner.js";
import {
  actions,
  configMap,
  deployment,
  type Document,
  errorOf,
  makeWorld,
  there,
  type World,
} from "./support/Applying.js";

/** More than are all asked about. */
const many = Array.from({ length: 24 }, (_, index) => configMap(`c-${index}`, { a: "1", b: "2" }));

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

describe.skipIf(!there)("many objects that stand", () => {
  it.scopedLive("are planned as a dry-run of each would have it", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld;
      const secret: Document = {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "keys" },
        data: { a: "MQ==" },
      };
      const account: Document = {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: "runner", labels: { app: "web" } },
      };
      const empty = configMap("empty", {});
      const bare: Document = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "bare" } };
      const documents = [...many, secret, account, empty, bare, deployment("app:v1", 1)];
      yield* world.deploy(documents);

      const patch = (name: string, body: unknown, fieldManager = "kubectl-edit") =>
        world.cluster.patch(
          { apiVersion: "v1", kind: "ConfigMap", name, namespace: world.namespace },
          { type: "merge", body, fieldManager },
        );
      yield* patch("c-0", { data: { a: "changed by hand" } });
      yield* patch("c-1", { data: { more: "by hand" } });
      yield* patch("c-2", { data: { b: null } });
      yield* patch("c-3", { metadata: { labels: { team: "x" } } });
      yield* patch("c-4", { immutable: true });
      yield* patch("empty", { data: { a: "1" } });
      yield* patch("bare", { data: { a: "1" } });
      yield* world.cluster.apply(
        {
          ...configMap("c-5", { a: "1" }),
          metadata: { name: "c-5", namespace: world.namespace },
        } as unknown as KubeObject.KubeObject,
        { fieldManager: "another", force: true },
      );
      const said = new Map<string, Document>([
        ["c-1", configMap("c-1", { a: "1", b: "2", more: "by hand" })],
        ["c-6", configMap("c-6", { a: "1" })],
        ["c-7", configMap("c-7", { a: "1", b: "2", c: "3" })],
        ["c-8", { ...configMap("c-8", { a: "1", b: "2" }), immutable: false }],
        ["c-9", configMap("c-9", { a: "1", b: "other" })],
        ["bare", configMap("bare", { a: "1" })],
      ]);
      const now = documents.map(
        (one) => said.get((one["metadata"] as { readonly name: string }).name) ?? one,
      );

      const force = { force: true };
      const all = actions(yield* world.plan(now, force));
      const each = yield* Effect.forEach(now, (one) =>
        Effect.map(world.plan([one], force), actions),
      );
      assert.deepStrictEqual(all, each.flat());
      assert.includeMembers([...all], ["unchanged", "configured"]);
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("take no dry-run, but for those that differ", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld;
      yield* world.deploy(many);
      const again = yield* counted(world, many);
      assert.isTrue(again.planned.plan.unchanged);
      assert.strictEqual(again.dryRuns, 0);
      const [, ...others] = many;
      const changed = yield* counted(world, [configMap("c-0", { a: "2" }), ...others]);
      assert.deepStrictEqual(actions(changed.planned).slice(0, 2), ["configured", "unchanged"]);
      assert.strictEqual(changed.dryRuns, 1);
    }).pipe(Effect.provide(layer)),
  );

  it.scopedLive("are asked about again once a policy came that may refuse them", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld;
      yield* world.deploy(many);
      const name = world.namespace;
      const group = { apiVersion: "admissionregistration.k8s.io/v1" };
      const policy = {
        ...group,
        kind: "ValidatingAdmissionPolicy",
        metadata: { name },
        spec: {
          matchConstraints: {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
            resourceRules: [
              {
                apiGroups: [""],
                apiVersions: ["v1"],
                operations: ["CREATE", "UPDATE"],
                resources: ["configmaps"],
              },
            ],
          },
          validations: [{ expression: "false", message: "no more configuration" }],
        },
      };
      const binding = {
        ...group,
        kind: "ValidatingAdmissionPolicyBinding",
        metadata: { name },
        spec: { policyName: name, validationActions: ["Deny"] },
      };
      for (const object of [policy, binding])
        yield* Effect.acquireRelease(
          world.cluster.create(object, { fieldManager: "test" }),
          ({ kind }) => Effect.ignore(world.cluster.remove({ ...group, kind, name })),
        );
      // The API server takes a moment to load a policy.
      const refused = yield* errorOf(world.plan(many)).pipe(
        Effect.retry({ schedule: Schedule.spaced("200 millis"), times: 50 }),
      );
      assert.strictEqual(refused.reason, "admission_denied");
      assert.include(refused.message, "no more configuration");
    }).pipe(Effect.provide(layer)),
  );
});
