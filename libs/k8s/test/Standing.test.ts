import { assert, describe, it } from "@effect/vitest";
import type { KubeObject } from "@nopea/domain";
import * as Admission from "../src/planning/admission.js";
import { standsSince } from "../src/planning/standing.js";

type Document = Readonly<Record<string, unknown>>;

const at = "2026-05-01T10:00:00Z";

const send = (more: Document = {}): KubeObject.KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "c", namespace: "n", labels: { app: "a" } },
  data: { a: "1" },
  ...more,
});

const owned: Document = { "f:metadata": { "f:labels": { "f:app": {} } }, "f:data": { "f:a": {} } };

const live = (
  more: Document = {},
  fieldsV1: Document = owned,
  entry: Partial<KubeObject.ManagedFieldsEntry> = {},
  metadata: Document = {},
): KubeObject.KubeObject => ({
  ...send(more),
  metadata: {
    ...send().metadata,
    resourceVersion: "7",
    managedFields: [
      { manager: "nopea", operation: "Apply", apiVersion: "v1", time: at, fieldsV1, ...entry },
    ],
    ...metadata,
  },
});

describe("an object that stands as it would be sent", () => {
  it("stands since its owner last wrote it", () => {
    assert.strictEqual(standsSince(live(), send(), "nopea"), at);
  });

  it("stands beside what others own", () => {
    assert.strictEqual(standsSince(live({ data: { a: "1", b: "theirs" } }), send(), "nopea"), at);
  });

  const table: ReadonlyArray<{
    readonly name: string;
    readonly live: KubeObject.KubeObject;
    readonly send?: KubeObject.KubeObject;
  }> = [
    { name: "a value that a hand changed", live: live({ data: { a: "2" } }) },
    { name: "a field that is gone", live: live({ data: {} }) },
    {
      name: "a field that the set no longer says",
      live: live({ data: { a: "1", b: "2" } }, { ...owned, "f:data": { "f:a": {}, "f:b": {} } }),
    },
    {
      name: "a field of the set that only another owns",
      live: live({ data: { a: "1", b: "2" } }),
      send: send({ data: { a: "1", b: "2" } }),
    },
    { name: "an object whose owner is another", live: live({}, owned, { manager: "kubectl" }) },
    { name: "fields that came by an update", live: live({}, owned, { operation: "Update" }) },
    { name: "another version of the kind", live: live({}, owned, { apiVersion: "v1beta1" }) },
    {
      name: "an object that is being deleted",
      live: live({}, owned, {}, { deletionTimestamp: at }),
    },
    {
      name: "a list, which only the API server can put together",
      live: live({ list: ["a"] }, { ...owned, "f:list": {} }),
      send: send({ list: ["a"] }),
    },
    {
      name: "a map that is owned as a whole, whose inside may be another's",
      live: live({ map: { a: "1" } }, { ...owned, "f:map": {} }),
      send: send({ map: { a: "1" } }),
    },
  ];
  for (const { name, live: object, send: sent } of table)
    it(`is asked about: ${name}`, () => {
      assert.isUndefined(standsSince(object, sent ?? send(), "nopea"));
    });
});

const configMaps = {
  apiVersion: "v1",
  kind: "ConfigMap",
  name: "configmaps",
  namespaced: true,
  verbs: [],
  shortNames: [],
};

const registered = (kind: string, more: Document, time = "2026-04-01T00:00:00Z") => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind,
  metadata: { name: "x", creationTimestamp: time },
  ...more,
});
const webhook = (...resources: ReadonlyArray<string>) =>
  registered("ValidatingWebhookConfiguration", {
    webhooks: [{ name: "w", rules: [{ apiGroups: ["", "apps"], resources }] }],
  });
const policy = (time: string, spec: Document = {}) =>
  registered(
    "ValidatingAdmissionPolicy",
    {
      spec: {
        matchConstraints: { resourceRules: [{ apiGroups: [""], resources: ["configmaps"] }] },
        ...spec,
      },
    },
    time,
  );
const before = "2026-04-30T00:00:00Z";

describe("admission", () => {
  const table: ReadonlyArray<{
    readonly name: string;
    readonly of: Parameters<typeof Admission.of>;
    readonly may: boolean;
  }> = [
    { name: "nothing is registered", of: [[], [], []], may: false },
    { name: "a webhook meets the kind", of: [[webhook("configmaps")], [], []], may: true },
    { name: "a webhook meets everything", of: [[webhook("*")], [], []], may: true },
    { name: "a webhook meets other kinds", of: [[webhook("pods", "nodes")], [], []], may: false },
    { name: "a policy is older", of: [[], [policy(before)], []], may: false },
    { name: "a policy is of that moment", of: [[], [policy(at)], []], may: true },
    {
      name: "a younger policy does not say what it meets",
      of: [[], [policy("2026-06-01T00:00:00Z", { matchConstraints: undefined })], []],
      may: true,
    },
    {
      name: "a policy has parameters, which may have changed",
      of: [[], [policy(before, { paramKind: { apiVersion: "v1", kind: "ConfigMap" } })], []],
      may: true,
    },
    {
      name: "a binding is younger",
      of: [[], [], [registered("ValidatingAdmissionPolicyBinding", {}, "2026-05-02T00:00:00Z")]],
      may: true,
    },
    {
      name: "an older policy was written since",
      of: [
        [],
        [
          {
            ...policy(before),
            metadata: {
              name: "x",
              creationTimestamp: before,
              managedFields: [
                { manager: "kubectl", operation: "Update", time: "2026-05-03T00:00:00Z" },
              ],
            },
          },
        ],
        [],
      ],
      may: true,
    },
  ];
  for (const { name, of, may } of table)
    it(`${may ? "may answer otherwise" : "answers as before"} where ${name}`, () => {
      assert.strictEqual(Admission.of(...of).mayDiffer(configMaps, at), may);
    });
});
