import { assert, describe, it } from "@effect/vitest";
import type { Drift, KubeObject } from "@nopea/domain";
import * as FieldDiff from "../src/fields/FieldDiff.js";
import * as FieldSet from "../src/fields/FieldSet.js";
import * as ThreeWay from "../src/fields/ThreeWay.js";
import {
  applied,
  deployment,
  type Json,
  managed,
  OURS,
  type Shape,
  web,
} from "./support/ManagedObject.js";

describe("what a manager owns", () => {
  it("is cut out of the object, with the names and keys that find it", () => {
    assert.deepStrictEqual(applied, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", namespace: "ns", labels: { app: "web" } },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: "web" } },
        template: {
          spec: {
            containers: [
              {
                name: "web",
                image: "app:v1",
                args: ["a", "b"],
                ports: [{ containerPort: 80, protocol: "TCP" }],
              },
            ],
          },
        },
      },
    });
  });

  it("is nothing but the names where it applied nothing, or only updated", () => {
    const updated = deployment({ managers: [{ ...OURS, operation: "Update" }] });
    for (const object of [deployment({ managers: [] }), updated]) {
      assert.deepStrictEqual(FieldSet.cutDown(object, "nopea"), {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "web", namespace: "ns" },
      });
    }
  });

  it("knows items of a set by their value, and an empty mapping that is owned itself", () => {
    const object: KubeObject.KubeObject = {
      apiVersion: "v1",
      kind: "Thing",
      metadata: {
        name: "a",
        finalizers: ["ours", "theirs"],
        managedFields: [
          managed("nopea", {
            "f:metadata": { "f:finalizers": { 'v:"ours"': {} } },
            "f:spec": { "f:empty": {} },
          }),
        ],
      },
      spec: { empty: {}, other: 1 },
    };
    const own = FieldSet.cutDown(object, "nopea");
    assert.deepStrictEqual(own.metadata["finalizers"], ["ours"]);
    assert.deepStrictEqual(own["spec"], { empty: {} });
  });
});

describe("a diff", () => {
  it("names items by their keys, and shows what was and what will be", () => {
    const after = deployment({
      containers: [
        { ...web, image: "app:v2", args: ["a", "c"] },
        { name: "side", image: "side:v1" },
      ],
      labels: { app: "web" },
      managers: [
        OURS,
        managed("other", {
          "f:spec": {
            "f:template": { "f:spec": { "f:containers": { 'k:{"name":"side"}': { ".": {} } } } },
          },
        }),
      ],
    });
    assert.deepStrictEqual(FieldDiff.diff(deployment(), after), [
      { path: 'metadata.labels["theirs"]', change: "removed", before: "x" },
      {
        path: "spec.template.spec.containers[name=web].image",
        change: "changed",
        before: "app:v1",
        after: "app:v2",
      },
      {
        path: "spec.template.spec.containers[name=web].args[1]",
        change: "changed",
        before: "b",
        after: "c",
      },
      {
        path: "spec.template.spec.containers[name=side]",
        change: "added",
        after: { name: "side", image: "side:v1" },
      },
    ]);
  });

  it("sees no difference in the order of items that have keys", () => {
    const two = [web, { name: "side", image: "s" }];
    assert.deepStrictEqual(
      FieldDiff.diff(
        deployment({ containers: two }),
        deployment({ containers: [...two].reverse() }),
      ),
      [],
    );
  });

  it("leaves out what the API server writes, and every value of a Secret", () => {
    const secret = (value: string, rv: string): KubeObject.KubeObject => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: "s",
        resourceVersion: rv,
        annotations: { "kubectl.kubernetes.io/last-applied-configuration": value },
      },
      data: { key: value },
    });
    assert.deepStrictEqual(FieldDiff.diff(secret("old", "1"), secret("new", "2")), [
      { path: 'data["key"]', change: "changed" },
    ]);
    const { data: _gone, ...empty } = secret("old", "1") as unknown as Json;
    assert.deepStrictEqual(
      FieldDiff.diff(empty as unknown as KubeObject.KubeObject, secret("old", "1")),
      [{ path: "data", change: "added" }],
    );
  });

  it("without a dry-run looks only at what the document says", () => {
    const document = deployment({ replicas: 3, managers: [], labels: { app: "web" } });
    const withoutProtocol = { name: "web", image: "app:v1", ports: [{ containerPort: 80 }] };
    const { spec } = deployment({ containers: [withoutProtocol] }) as unknown as { spec: Json };
    assert.deepStrictEqual(
      FieldDiff.diffLocal(deployment(), { ...document, spec: { ...spec, replicas: 3 } }),
      [{ path: "spec.replicas", change: "changed", before: 2, after: 3 }],
    );
  });
});

describe("drift", () => {
  const ref = { apiVersion: "apps/v1", kind: "Deployment", namespace: "ns", name: "web" };
  const changedOf = (shape: Shape) => FieldSet.cutDown(deployment(shape), "nopea");
  const image = "spec.template.spec.containers[name=web].image";
  const v2 = { containers: [{ ...web, image: "app:v2" }] };
  const hotfix = deployment({ containers: [{ ...web, image: "app:hotfix" }] });
  const scaled = (manager: string) =>
    deployment({
      replicas: 5,
      managers: [
        OURS,
        managed(
          manager,
          { "f:spec": { "f:replicas": {} } },
          { operation: "Update", subresource: "scale" },
        ),
      ],
    });
  const injected = deployment({
    containers: [web, { name: "proxy", image: "mesh" }],
    labels: { app: "web", "mesh/injected": "true" },
  });

  const cases: ReadonlyArray<
    readonly [
      name: string,
      states: Omit<ThreeWay.ThreeStates, "object">,
      state: Drift.DriftState,
      fields: ReadonlyArray<string>,
    ]
  > = [
    [
      "nothing moved",
      { lastApplied: applied, desired: applied, live: deployment() },
      "no_drift",
      [],
    ],
    [
      "what others add is theirs",
      { lastApplied: applied, desired: applied, live: injected },
      "no_drift",
      [],
    ],
    [
      "only what is wanted moved",
      { lastApplied: applied, desired: changedOf(v2), live: deployment() },
      "git_change",
      [image],
    ],
    [
      "only the cluster moved",
      { lastApplied: applied, desired: applied, live: hotfix },
      "manual_drift",
      [image],
    ],
    [
      "nothing new is asked for",
      { lastApplied: applied, desired: undefined, live: hotfix },
      "manual_drift",
      [image],
    ],
    [
      "both moved",
      { lastApplied: applied, desired: changedOf(v2), live: hotfix },
      "conflict",
      [image],
    ],
    [
      "both moved to the same",
      { lastApplied: applied, desired: changedOf(v2), live: deployment(v2) },
      "git_change",
      [image],
    ],
    [
      "a person scaled",
      { lastApplied: applied, desired: applied, live: scaled("kubectl") },
      "manual_drift",
      ["spec.replicas"],
    ],
    [
      "a controller scaled",
      { lastApplied: applied, desired: applied, live: scaled("kube-controller-manager") },
      "no_drift",
      [],
    ],
    [
      "never applied, not there",
      { lastApplied: undefined, desired: applied, live: undefined },
      "new_resource",
      [],
    ],
    [
      "never applied, but there",
      { lastApplied: undefined, desired: applied, live: deployment() },
      "needs_apply",
      [],
    ],
    [
      "applied and gone",
      { lastApplied: applied, desired: applied, live: undefined },
      "missing",
      [],
    ],
  ];
  for (const [name, states, state, fields] of cases) {
    it(`${name}: ${state}`, () => {
      assert.deepStrictEqual(ThreeWay.drift({ object: ref, ...states }), {
        object: ref,
        state,
        fields,
      });
    });
  }

  it("is an item taken from a list of one piece", () => {
    const live = deployment({ containers: [{ ...web, args: ["a"] }] });
    assert.deepStrictEqual(ThreeWay.differences(applied, live), [
      "spec.template.spec.containers[name=web].args",
    ]);
  });
});
