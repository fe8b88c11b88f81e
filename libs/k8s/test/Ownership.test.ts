import { assert, describe, it } from "@effect/vitest";
import type { KubeObject } from "@nopea/domain";
import * as Adoption from "../src/planning/Adoption.js";
import * as Conflicts from "../src/planning/Conflicts.js";
import { hasPath } from "../src/fields/fieldPath.js";
import * as Replicas from "../src/fields/Replicas.js";
import { applied, deployment, type Json, managed, OURS } from "./support/ManagedObject.js";

describe("a path of a conflict", () => {
  const paths: ReadonlyArray<readonly [path: string, there: boolean]> = [
    [".spec.replicas", true],
    ['.spec.template.spec.containers[name="web"].image', true],
    ['.spec.template.spec.containers[name="web"].ports[containerPort=80,protocol="TCP"]', true],
    ['.spec.template.spec.containers[name="other"].image', false],
    [".metadata.labels.a.b/c", true],
    [".metadata.labels.a", false],
    ['.metadata.finalizers[="x"]', true],
    ['.metadata.finalizers[="y"]', false],
    [".spec.paused", false],
  ];
  const object = {
    ...applied,
    metadata: { labels: { "a.b/c": "1" }, finalizers: ["x"] },
  };
  for (const [path, there] of paths) {
    it(`${path} is ${there ? "found" : "not there"}`, () => {
      assert.strictEqual(hasPath(object, path), there);
    });
  }

  it("may be taken back only from a person's tool, only where it was ours, never a scale", () => {
    const conflict = (manager: string, field: string, subresource?: string) => ({
      manager,
      field,
      subresource,
    });
    const mine = conflict("kubectl-edit", ".spec.replicas");
    assert.isTrue(Conflicts.mayTakeBack([mine], applied));
    assert.isFalse(Conflicts.mayTakeBack([mine], undefined));
    assert.isFalse(Conflicts.mayTakeBack([mine, conflict("helm", ".spec.replicas")], applied));
    assert.isFalse(Conflicts.mayTakeBack([conflict("kubectl-edit", ".spec.paused")], applied));
    assert.isFalse(
      Conflicts.mayTakeBack([conflict("kubectl", ".spec.replicas", "scale")], applied),
    );
    assert.isFalse(Conflicts.mayTakeBack([conflict("kubectlx", ".spec.replicas")], applied));
  });
});

describe("replicas", () => {
  const wanted = deployment({ replicas: 2, managers: [] });
  const count = (object: KubeObject.KubeObject) => (object["spec"] as Json)["replicas"];
  const scaler = managed(
    "kube-controller-manager",
    { "f:spec": { "f:replicas": {} } },
    { operation: "Update", subresource: "scale" },
  );
  const { "f:replicas": _count, ...others } = OURS.fieldsV1?.["f:spec"] as Json;
  const notOurs = managed("nopea", { "f:spec": others });

  const cases: ReadonlyArray<
    readonly [string, KubeObject.KubeObject | undefined, boolean, number | undefined]
  > = [
    ["of a new object are the document's", undefined, true, 2],
    ["that nobody else counts are the document's", deployment({ replicas: 7 }), false, 2],
    [
      "that an autoscaler will count stay as they are while they are ours",
      deployment({ replicas: 7 }),
      true,
      7,
    ],
    [
      "that a controller owns are left out",
      deployment({ replicas: 7, managers: [notOurs, scaler] }),
      false,
      undefined,
    ],
    [
      "that both own stay as they are",
      deployment({ replicas: 7, managers: [OURS, scaler] }),
      false,
      7,
    ],
  ];
  for (const [name, live, isAutoscaled, expected] of cases) {
    it(name, () => {
      assert.strictEqual(count(Replicas.settle(wanted, live, "nopea", isAutoscaled)), expected);
    });
  }

  it("are a controller's where an autoscaler or KEDA names the workload", () => {
    const autoscaled = Replicas.autoscaled([
      {
        apiVersion: "autoscaling/v2",
        kind: "HorizontalPodAutoscaler",
        metadata: { name: "a", namespace: "ns" },
        spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "StatefulSet", name: "db" } },
      },
      {
        apiVersion: "keda.sh/v1alpha1",
        kind: "ScaledObject",
        metadata: { name: "b", namespace: "ns" },
        spec: { scaleTargetRef: { name: "web" } },
      },
    ]);
    assert.sameMembers([...autoscaled], ["apps/StatefulSet/ns/db", "apps/Deployment/ns/web"]);
  });
});

describe("whose an object is", () => {
  const marked = (
    labels: Record<string, string>,
    annotations: Record<string, string> = {},
    manager = "x",
  ) => ({
    ...deployment({ managers: [managed(manager, {})] }),
    metadata: { ...deployment({ managers: [managed(manager, {})] }).metadata, labels, annotations },
  });
  const mark = { "applyset.kubernetes.io/part-of": "applyset-me-v1" };
  const cases: ReadonlyArray<readonly [string, KubeObject.KubeObject, string | undefined]> = [
    ["nobody's", marked({}), undefined],
    [
      "ours, whatever else is on it",
      marked({ ...mark, "kustomize.toolkit.fluxcd.io/name": "x" }),
      undefined,
    ],
    [
      "another service's",
      marked({ "applyset.kubernetes.io/part-of": "applyset-you-v1" }),
      "applyset-you-v1",
    ],
    ["another's record", marked({ "applyset.kubernetes.io/id": "applyset-you-v1" }), "record"],
    [
      "Helm's",
      marked({ "app.kubernetes.io/managed-by": "Helm" }, { "meta.helm.sh/release-name": "web" }),
      "Helm release web",
    ],
    [
      "no one's though a chart made it",
      marked({ "app.kubernetes.io/managed-by": "Helm" }),
      undefined,
    ],
    [
      "Argo CD's by its tracking id",
      marked({}, { "argocd.argoproj.io/tracking-id": "shop:apps/Deployment:ns/web" }),
      "Argo CD application shop",
    ],
    [
      "Argo CD's by its label where it manages it",
      marked({ "app.kubernetes.io/instance": "shop" }, {}, "argocd-controller"),
      "Argo CD application shop",
    ],
    ["no one's for the label alone", marked({ "app.kubernetes.io/instance": "shop" }), undefined],
    ["Flux's", marked({ "kustomize.toolkit.fluxcd.io/name": "shop" }), "Flux kustomization shop"],
  ];
  for (const [name, object, owner] of cases) {
    it(`is ${name}`, () => {
      const found = Adoption.ownerOf(object, mark);
      if (owner === undefined) assert.isUndefined(found);
      else assert.include(found, owner);
    });
  }

  it("folds nothing once it is ours, nor what a person only edited", () => {
    const old = managed("kubectl-client-side-apply", {}, { operation: "Update" });
    assert.isDefined(Adoption.foldOf(deployment({ managers: [old] }), "nopea"));
    assert.isUndefined(Adoption.foldOf(deployment({ managers: [OURS, old] }), "nopea"));
    const edited = managed("kubectl-edit", {}, { operation: "Update" });
    assert.isUndefined(Adoption.foldOf(deployment({ managers: [edited] }), "nopea"));
  });
});
