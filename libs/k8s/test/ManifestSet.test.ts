import { assert, describe, it } from "@effect/vitest";
import type { BadInput, KubeObject } from "@nopea/domain";
import { Effect, Option } from "effect";
import type { ApiResource } from "../src/connection/ApiResource.js";
import type { Cluster } from "../src/connection/Cluster.js";
import { ApiFailure } from "../src/connection/ClusterError.js";
import * as ManifestSet from "../src/documents/ManifestSet.js";

const resource = (apiVersion: string, kind: string, namespaced = true): ApiResource => ({
  apiVersion,
  kind,
  name: `${kind.toLowerCase()}s`,
  namespaced,
  verbs: ["get", "list", "patch"],
  shortNames: [],
});

const served = [
  resource("v1", "ConfigMap"),
  resource("v1", "Secret"),
  resource("v1", "Service"),
  resource("v1", "Namespace", false),
  resource("apps/v1", "Deployment"),
  resource("coordination.k8s.io/v1", "Lease"),
  resource("rbac.authorization.k8s.io/v1", "ClusterRole", false),
  resource("apiextensions.k8s.io/v1", "CustomResourceDefinition", false),
];

/** Discovery alone: a set is made without any other request. */
const cluster = {
  resources: Effect.succeed(served),
  resource: (apiVersion: string, kind: string) => {
    const found = served.find((one) => one.apiVersion === apiVersion && one.kind === kind);
    return found === undefined
      ? Effect.fail(
          new ApiFailure({
            message: "no such kind",
            reason: "unknown_kind",
            status: 404,
            statusReason: "NotFound",
            verb: "get",
            causes: [],
          }),
        )
      : Effect.succeed(found);
  },
} as unknown as typeof Cluster.Service;

type Document = Readonly<Record<string, unknown>>;

const make = (...documents: ReadonlyArray<Document>) =>
  ManifestSet.make(
    documents.map((object, index) => ({
      object: object as unknown as KubeObject.KubeObject,
      source: `app.yaml#${index + 1}`,
    })),
    { service: "shop", namespace: "home", alsoNamespaces: ["other"] },
    cluster,
  );

const object = (kind: string, name: string, more: Document = {}, metadata: Document = {}) => ({
  apiVersion: served.find((one) => one.kind === kind)?.apiVersion ?? "v1",
  kind,
  metadata: { name, ...metadata },
  ...more,
});

const definition = (scope = "Namespaced") =>
  object("CustomResourceDefinition", "widgets.example.org", {
    spec: {
      group: "example.org",
      scope,
      names: { kind: "Widget" },
      versions: [{ name: "v1" }],
    },
  });
const widget = { apiVersion: "example.org/v1", kind: "Widget", metadata: { name: "one" } };

describe("a set", () => {
  it.effect("fills in the namespace of what lives in one, and takes it from what doesn't", () =>
    Effect.gen(function* () {
      const set = yield* make(
        object("ConfigMap", "a"),
        object("ConfigMap", "b", {}, { namespace: "other" }),
        object("ClusterRole", "system:reader", {}, { namespace: "home" }),
        object("Namespace", "home"),
        object("ConfigMap", "c", {}, { namespace: "" }),
      );
      assert.deepStrictEqual(
        set.entries.map((entry) => entry.object.metadata.namespace),
        ["home", "other", undefined, undefined, "home"],
      );
      assert.deepStrictEqual(set.otherNamespaces, ["other"]);
    }),
  );

  it.effect("knows a kind whose definition it holds, with its scope", () =>
    Effect.gen(function* () {
      const set = yield* make(widget, definition());
      assert.deepStrictEqual(set.entries[0]?.resource, Option.none());
      assert.strictEqual(set.entries[0]?.object.metadata.namespace, "home");
      const wide = yield* make(widget, definition("Cluster"));
      assert.isUndefined(wide.entries[0]?.object.metadata.namespace);
    }),
  );

  it.effect("leaves out what only the API server writes, and says so", () =>
    Effect.gen(function* () {
      const set = yield* make(
        object("ConfigMap", "a", {}, { uid: "u", resourceVersion: "5", creationTimestamp: null }),
      );
      assert.deepStrictEqual(set.entries[0]?.object.metadata, { name: "a", namespace: "home" });
      assert.strictEqual(set.warnings.length, 1);
      assert.include(set.warnings[0], "metadata.resourceVersion, metadata.uid");
    }),
  );

  it.effect("skips Helm's test and delete hooks by name", () =>
    Effect.gen(function* () {
      const set = yield* make(
        object("ConfigMap", "a"),
        object("ConfigMap", "b", {}, { annotations: { "helm.sh/hook": "test" } }),
        object("ConfigMap", "c", {}, { annotations: { "helm.sh/hook": "pre-delete,post-delete" } }),
        object("ConfigMap", "d", {}, { annotations: { "helm.sh/hook": "pre-upgrade,test" } }),
      );
      assert.deepStrictEqual(
        set.entries.map((entry) => entry.object.metadata.name),
        ["a", "d"],
      );
      assert.deepStrictEqual(
        set.skipped.map(({ object: { metadata }, note }) => [metadata.name, note.includes("hook")]),
        [
          ["b", true],
          ["c", true],
        ],
      );
    }),
  );

  it.effect("takes a ConfigMap of one MiB, counting its values as Kubernetes does", () =>
    make(
      object("ConfigMap", "a", { data: { a: "x".repeat(1024 * 1024) } }),
      object("Secret", "b", { data: { a: Buffer.alloc(1024 * 1024).toString("base64") } }),
    ),
  );
});

const refusals: ReadonlyArray<
  readonly [
    name: string,
    documents: ReadonlyArray<Document>,
    expected: Partial<BadInput>,
    words: string,
  ]
> = [
  ["nothing", [], {}, "nothing to deploy"],
  [
    "the same object twice",
    [object("ConfigMap", "a"), object("ConfigMap", "a", {}, { namespace: "home" })],
    { source: "app.yaml#2" },
    "already defined in app.yaml#1",
  ],
  [
    "a namespace that nobody named",
    [object("ConfigMap", "a", {}, { namespace: "third" })],
    { source: "app.yaml#1", field: "metadata.namespace" },
    '"third"',
  ],
  [
    "a kind that nobody serves",
    [widget],
    { source: "app.yaml#1", reason: "unknown_kind" },
    "Widget of example.org/v1",
  ],
  [
    "a version of a kind that is no longer served",
    [{ ...object("Deployment", "a"), apiVersion: "extensions/v1beta1" }],
    { reason: "unknown_kind", advice: "It serves Deployment as apps/v1: use that apiVersion." },
    "Deployment of extensions/v1beta1",
  ],
  [
    "a name with capitals",
    [object("ConfigMap", "Web")],
    { field: "metadata.name", reason: "invalid_object" },
    "DNS name",
  ],
  ["a Service with a dot", [object("Service", "a.b")], { field: "metadata.name" }, "DNS label"],
  ["a name of 254", [object("ConfigMap", "a".repeat(254))], { field: "metadata.name" }, "253"],
  ["a role's name with a slash", [object("ClusterRole", "a/b")], { field: "metadata.name" }, "/"],
  [
    "another's mark",
    [
      object(
        "ConfigMap",
        "a",
        {},
        { labels: { "applyset.kubernetes.io/part-of": "applyset-x-v1" } },
      ),
    ],
    { source: "app.yaml#1" },
    "applyset.kubernetes.io/part-of",
  ],
  ...["ConfigMap", "Secret", "Lease"].map(
    (kind) =>
      [
        `the ledger's name on a ${kind}`,
        [object(kind, "nopea-shop")],
        {},
        "its own record",
      ] as const,
  ),
  [
    "a record",
    [object("Secret", "nopea-shop-01j-1", { type: "nopea.dev/record" })],
    {},
    "its own record",
  ],
  [
    "a ConfigMap over one MiB",
    [object("ConfigMap", "a", { data: { a: "x".repeat(1024 * 1024 + 1) } })],
    { reason: "object_too_large" },
    "1048577 bytes",
  ],
  [
    "any object over what etcd keeps",
    [object("Deployment", "a", { spec: { x: "x".repeat(1.5 * 1024 * 1024) } })],
    { reason: "object_too_large" },
    "etcd keeps at most",
  ],
  [
    "a wave that is no number",
    [object("ConfigMap", "a", {}, { annotations: { "argocd.argoproj.io/sync-wave": "first" } })],
    { source: "app.yaml#1" },
    "not a whole number",
  ],
];

describe("a set refuses", () => {
  for (const [name, documents, expected, words] of refusals) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const error = (yield* Effect.flip(make(...documents))) as BadInput;
        assert.strictEqual(error._tag, "BadInput");
        assert.include(error.message, words);
        for (const [field, value] of Object.entries(expected)) {
          assert.strictEqual(error[field as keyof BadInput], value, field);
        }
      }),
    );
  }

  it.effect("nothing of another service's ledger that lives elsewhere", () =>
    make(
      object("ConfigMap", "nopea-shop", {}, { namespace: "other" }),
      object("ConfigMap", "nopea-shop-x"),
    ),
  );
});
