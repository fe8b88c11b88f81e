import { assert, describe, it } from "@effect/vitest";
import type { KubeObject } from "@nopea/domain";
import { Either, Option } from "effect";
import * as Ordering from "../src/documents/Ordering.js";

const WAVE = "argocd.argoproj.io/sync-wave";
const HOOK = "helm.sh/hook";
const WEIGHT = "helm.sh/hook-weight";
const DEPENDS = "config.kubernetes.io/depends-on";

const item = (type: string, name: string, annotations: Readonly<Record<string, string>> = {}) => {
  const [kind = "", ...group] = type.split(".");
  const object: KubeObject.KubeObject = {
    apiVersion: group.length === 0 ? "v1" : `${group.join(".")}/v1`,
    kind,
    metadata: { name, namespace: "ns", annotations },
  };
  return { entry: { object, source: `${name}.yaml#1`, resource: Option.none() } };
};
type Item = ReturnType<typeof item> & { readonly late?: boolean };

const order = (...items: ReadonlyArray<Item>) =>
  Either.getOrThrow(Ordering.steps(items)).map(
    ({ entries, after }) =>
      `${after}: ${entries.map(({ entry }) => entry.object.metadata.name).join(" ")}`,
  );

describe("the order of a set", () => {
  it("follows the classes, webhooks last and only when all is ready", () => {
    assert.deepStrictEqual(
      order(
        item("ValidatingWebhookConfiguration.admissionregistration.k8s.io", "hook"),
        item("APIService.apiregistration.k8s.io", "api"),
        item("ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io", "policy"),
        item("Ingress.networking.k8s.io", "ingress"),
        item("HorizontalPodAutoscaler.autoscaling", "hpa"),
        item("Deployment.apps", "web"),
        item("Job.batch", "job"),
        item("Widget.example.org", "widget"),
        item("Service", "svc"),
        item("RoleBinding.rbac.authorization.k8s.io", "binding"),
        item("Role.rbac.authorization.k8s.io", "role"),
        item("ConfigMap", "config"),
        item("ServiceAccount", "account"),
        item("PersistentVolumeClaim", "claim"),
        item("ResourceQuota", "quota"),
        item("CustomResourceDefinition.apiextensions.k8s.io", "crd"),
        item("Namespace", "space"),
      ),
      [
        "nothing: crd space",
        "established: config account claim quota",
        "nothing: role",
        "nothing: binding",
        "nothing: svc",
        "nothing: widget",
        "nothing: web job",
        "nothing: ingress hpa",
        "ready: hook api policy",
      ],
    );
  });

  it("waits for no definition where there is none", () => {
    assert.deepStrictEqual(order(item("Namespace", "space"), item("ConfigMap", "a")), [
      "nothing: space",
      "nothing: a",
    ]);
  });

  it("puts what needs a webhook behind the workloads that serve it", () => {
    assert.deepStrictEqual(
      order(
        { ...item("Issuer.cert-manager.io", "issuer"), late: true },
        item("Deployment.apps", "web"),
      ),
      ["nothing: web", "ready: issuer"],
    );
  });

  it("waits for each sync wave, negative ones first, Namespaces before all", () => {
    assert.deepStrictEqual(
      order(
        item("Deployment.apps", "late", { [WAVE]: "5" }),
        item("ConfigMap", "plain"),
        item("Job.batch", "early", { [WAVE]: "-1" }),
        item("Service", "alsoEarly", { [WAVE]: "-1" }),
        item("Namespace", "space"),
      ),
      ["nothing: space", "nothing: alsoEarly", "nothing: early", "ready: plain", "ready: late"],
    );
  });

  it("runs Helm's pre hooks before and post hooks after, by weight", () => {
    assert.deepStrictEqual(
      order(
        item("Job.batch", "after", { [HOOK]: "post-install,post-upgrade" }),
        item("Deployment.apps", "web"),
        item("Job.batch", "second", { [HOOK]: "pre-install", [WEIGHT]: "5" }),
        item("Job.batch", "first", { [HOOK]: "pre-upgrade,pre-install", [WEIGHT]: "-5" }),
      ),
      ["nothing: first", "ready: second", "ready: web", "ready: after"],
    );
  });

  it("waits until what a document depends on is ready, whatever the classes say", () => {
    assert.deepStrictEqual(
      order(
        item("ConfigMap", "last", { [DEPENDS]: "apps/namespaces/ns/Deployment/web" }),
        item("Deployment.apps", "web", { [DEPENDS]: "apps/namespaces/ns/StatefulSet/db" }),
        item("StatefulSet.apps", "db"),
        item("Ingress.networking.k8s.io", "ingress"),
      ),
      ["nothing: db", "ready: web", "ready: last", "nothing: ingress"],
    );
  });

  it("waits for a dependency that would come earlier anyway", () => {
    assert.deepStrictEqual(
      order(
        item("PersistentVolumeClaim", "claim"),
        item("Deployment.apps", "web", { [DEPENDS]: "/namespaces/ns/PersistentVolumeClaim/claim" }),
      ),
      ["nothing: claim", "ready: web"],
    );
  });

  const refused: ReadonlyArray<readonly [name: string, items: ReadonlyArray<Item>, words: string]> =
    [
      [
        "a circle, naming it",
        [
          item("ConfigMap", "a", { [DEPENDS]: "/namespaces/ns/ConfigMap/b" }),
          item("ConfigMap", "b", { [DEPENDS]: "/namespaces/ns/ConfigMap/a" }),
        ],
        "/ConfigMap/ns/a → /ConfigMap/ns/b → /ConfigMap/ns/a",
      ],
      [
        "a dependency outside the set",
        [item("ConfigMap", "a", { [DEPENDS]: "/namespaces/ns/ConfigMap/gone" })],
        "not in the set",
      ],
      [
        "a reference of another form",
        [item("ConfigMap", "a", { [DEPENDS]: "ConfigMap/b" })],
        "no reference",
      ],
      [
        "a weight that is no number",
        [item("Job.batch", "a", { [HOOK]: "pre-install", [WEIGHT]: "heavy" })],
        "not a whole number",
      ],
    ];
  for (const [name, items, words] of refused) {
    it(`refuses ${name}`, () => {
      const answer = Ordering.steps(items);
      assert.isTrue(Either.isLeft(answer));
      if (Either.isLeft(answer)) assert.include(answer.left.message, words);
    });
  }
});
