import { assert, describe, it } from "@effect/vitest";
import type { KubeObject, Plan } from "@nopea/domain";
import { Option } from "effect";
import * as Change from "../src/planning/Change.js";
import * as ConfigReaders from "../src/planning/ConfigReaders.js";
import type { ManifestSet } from "../src/documents/ManifestSet.js";
import * as Marks from "../src/documents/Marks.js";
import type { PlannedEntry, SetPlan } from "../src/planning/Planner.js";

type Json = Readonly<Record<string, unknown>>;

const object = (kind: string, name: string, more: Json = {}): KubeObject.KubeObject => ({
  apiVersion: kind === "Deployment" ? "apps/v1" : "v1",
  kind,
  metadata: { name, namespace: "ns" },
  ...more,
});

const planned = (
  send: KubeObject.KubeObject,
  action: Plan.PlanAction,
  fields: ReadonlyArray<Plan.FieldChange> = [],
): PlannedEntry => ({
  entry: { object: send, source: "a.yaml#1", resource: Option.none() },
  planned: {
    object: { apiVersion: send.apiVersion, kind: send.kind, name: send.metadata.name ?? "" },
    source: "a.yaml#1",
    action,
    fields,
  },
  send,
  live: Option.none(),
  predicted: Option.none(),
  force: false,
  adopt: Option.none(),
  recreate: false,
  late: false,
});

const planOf = (...entries: ReadonlyArray<PlannedEntry>): SetPlan => ({
  entries,
  plan: { objects: entries.map((entry) => entry.planned), unchanged: false, warnings: [] },
  missingNamespaces: [],
  denied: [],
});

const field = (path: string, before?: unknown, after?: unknown): Plan.FieldChange => ({
  path,
  change: "changed",
  before,
  after,
});
const image = (before: string, after: string) =>
  field("spec.template.spec.containers[name=web].image", before, after);

describe("how far apart two images are", () => {
  const cases: ReadonlyArray<readonly [string, string, Plan.Change["semver"]]> = [
    ["app:1.2.3", "app:2.0.0", "major"],
    ["app:v1.2.3", "app:v1.3.0", "minor"],
    ["host:5000/app:1.2.3", "host:5000/app:1.2.4", "patch"],
    ["app:1.3.0", "app:1.2.9", "minor"],
    ["app:1.2", "app:1.2.1", "patch"],
    ["app:1.2.3-rc1", "app:1.2.3", "other"],
    ["app:3f2a9c1", "app:77b01de", "other"],
    ["host:5000/app", "host:5000/app:1.0.0", "other"],
    ["app:1.2.3@sha256:aa", "app:1.2.3@sha256:bb", "other"],
    ["app:1.2.3", "app:1.2.3", "none"],
  ];
  for (const [before, after, step] of cases) {
    it(`${before} → ${after}: ${step}`, () => {
      assert.strictEqual(Change.semverStep(before, after), step);
    });
  }
});

describe("what kind of change a plan is", () => {
  const web = object("Deployment", "web");
  const config = object("ConfigMap", "settings", { data: { a: "1", b: "2" } });

  it("is of images where any moves, by the longest step", () => {
    const plan = planOf(
      planned(web, "configured", [image("a:1.0.0", "a:1.0.1"), field("spec.replicas", 1, 2)]),
      planned(object("Deployment", "api"), "configured", [image("b:1.0.0", "b:1.1.0")]),
      planned(config, "configured", [field('data["a"]')]),
    );
    assert.deepStrictEqual(Change.of(plan), {
      kind: "image",
      semver: "minor",
      objects: 3,
      lines: 4,
    });
  });

  it("is of config where only ConfigMaps and Secrets change", () => {
    const plan = planOf(
      planned(web, "unchanged"),
      planned(config, "configured", [field('data["a"]')]),
      planned(object("Secret", "s"), "configured", [field('data["k"]'), field('data["l"]')]),
    );
    assert.deepStrictEqual(Change.of(plan), {
      kind: "config",
      semver: "none",
      objects: 2,
      lines: 3,
    });
  });

  it("is of manifests otherwise; a new object counts with all that it says", () => {
    const plan = planOf(
      planned(web, "configured", [field("spec.replicas", 1, 2)]),
      planned(config, "created"),
    );
    assert.deepStrictEqual(Change.of(plan), {
      kind: "manifests",
      semver: "none",
      objects: 2,
      lines: 3,
    });
  });

  it("is nothing where nothing changes", () => {
    assert.deepStrictEqual(Change.of(planOf(planned(web, "unchanged"))), {
      kind: "manifests",
      semver: "none",
      objects: 0,
      lines: 0,
    });
  });
});

describe("who reads a ConfigMap or Secret", () => {
  const template = {
    spec: {
      volumes: [
        { name: "a", configMap: { name: "volume" } },
        { name: "b", secret: { secretName: "mounted" } },
        {
          name: "c",
          projected: {
            sources: [{ configMap: { name: "projected" } }, { secret: { name: "p2" } }],
          },
        },
      ],
      initContainers: [{ name: "i", envFrom: [{ secretRef: { name: "init" } }] }],
      containers: [
        {
          name: "web",
          envFrom: [{ configMapRef: { name: "all" } }],
          env: [
            { name: "A", value: "plain" },
            { name: "B", valueFrom: { configMapKeyRef: { name: "one", key: "k" } } },
            { name: "C", valueFrom: { secretKeyRef: { name: "two", key: "k" } } },
          ],
        },
      ],
    },
  };

  it("is found in volumes, projected ones, envFrom and env", () => {
    assert.sameMembers(
      [...ConfigReaders.readBy(template)],
      [
        ...["ConfigMap/volume", "Secret/mounted", "ConfigMap/projected", "Secret/p2"],
        ...["Secret/init", "ConfigMap/all", "ConfigMap/one", "Secret/two"],
      ],
    );
  });

  const reader = object("Deployment", "web", { spec: { template } });
  const changed = planned(object("ConfigMap", "all"), "configured", [field('data["a"]')]);
  const rolls = field("spec.template.metadata.annotations", undefined, {});

  const cases: ReadonlyArray<readonly [string, SetPlan, ReadonlyArray<string>]> = [
    [
      "is told where its reader stays",
      planOf(changed, planned(reader, "unchanged")),
      ["ConfigMap/all"],
    ],
    ["is not where it rolls", planOf(changed, planned(reader, "configured", [rolls])), []],
    ["is not where the reader is new", planOf(changed, planned(reader, "created")), []],
    ["is not where nobody reads it", planOf(changed), []],
    [
      "is not where only its labels change",
      planOf(
        planned(object("ConfigMap", "all"), "configured", [field('metadata.labels["a"]')]),
        planned(reader, "unchanged"),
      ),
      [],
    ],
  ];
  for (const [name, plan, expected] of cases) {
    it(`a changed one ${name}`, () => {
      assert.deepStrictEqual(ConfigReaders.notReloaded(plan), expected);
    });
  }

  it("rolls with what it reads, and only then", () => {
    const digest = (data: Json, other: Json = {}): unknown => {
      const set: ManifestSet = {
        entries: [
          reader,
          object("ConfigMap", "all", { data }),
          object("ConfigMap", "unread", { data: other }),
        ].map((one) => ({ object: one, source: "a.yaml#1", resource: Option.none() })),
        skipped: [],
        otherNamespaces: [],
        warnings: [],
      };
      const [rolled] = ConfigReaders.rollOnConfig(set).entries;
      const inner = rolled?.object as unknown as {
        spec: { template: { metadata: { annotations: Json } } };
      };
      return inner.spec.template.metadata.annotations[ConfigReaders.DIGEST_ANNOTATION];
    };
    assert.match(String(digest({ a: "1" })), /^[0-9a-f]{16}$/);
    assert.strictEqual(digest({ a: "1", b: "2" }), digest({ b: "2", a: "1" }));
    assert.strictEqual(digest({ a: "1" }), digest({ a: "1" }, { x: "y" }));
    assert.notStrictEqual(digest({ a: "1" }), digest({ a: "2" }));
  });
});

describe("the marks of a set", () => {
  it("are what kubectl 1.37 makes of the same parent", () => {
    assert.strictEqual(
      Marks.applySetId({ namespace: "applyset-vector2", name: "nopea-shop" }),
      "applyset-0tMWSd1RhBkO5uUk4MIlgiKfGsFUNxdyb9o5N1--ZbE-v1",
    );
  });

  it("name each kind and each other namespace once", () => {
    const { labels, annotations } = Marks.parentMetadata({
      namespace: "ns",
      name: "nopea-shop",
      members: [
        { apiVersion: "apps/v1", kind: "Deployment", namespace: "ns", name: "a" },
        { apiVersion: "apps/v1", kind: "Deployment", namespace: "zeta", name: "b" },
        { apiVersion: "v1", kind: "ConfigMap", namespace: "alpha", name: "c" },
        { apiVersion: "v1", kind: "Namespace", name: "zeta" },
      ],
    });
    assert.deepStrictEqual(annotations, {
      "applyset.kubernetes.io/tooling": "nopea/v1",
      "applyset.kubernetes.io/contains-group-kinds": "ConfigMap,Deployment.apps,Namespace",
      "applyset.kubernetes.io/additional-namespaces": "alpha,zeta",
    });
    assert.deepStrictEqual(Object.keys(labels), ["applyset.kubernetes.io/id"]);
  });
});
