/** The class of order of a kind: what others need comes first, what intercepts others last. */
import { KubeObject } from "@nopea/domain";
import { isDefinition } from "./customKinds.js";

export { isDefinition };

const CLASSES: ReadonlyArray<ReadonlyArray<string>> = [
  ["Namespace", "CustomResourceDefinition.apiextensions.k8s.io"],
  [
    ...["ResourceQuota", "LimitRange", "ServiceAccount", "ConfigMap", "Secret"],
    ...["PersistentVolume", "PersistentVolumeClaim"],
    ...["StorageClass", "CSIDriver", "VolumeAttributesClass"].map((k) => `${k}.storage.k8s.io`),
    ...["PriorityClass.scheduling.k8s.io", "RuntimeClass.node.k8s.io"],
    ...["IngressClass.networking.k8s.io", "NetworkPolicy.networking.k8s.io"],
    "ValidatingAdmissionPolicy.admissionregistration.k8s.io",
    "MutatingAdmissionPolicy.admissionregistration.k8s.io",
  ],
  ["Role.rbac.authorization.k8s.io", "ClusterRole.rbac.authorization.k8s.io"],
  ["RoleBinding.rbac.authorization.k8s.io", "ClusterRoleBinding.rbac.authorization.k8s.io"],
  ["Service", "Endpoints", "EndpointSlice.discovery.k8s.io"],
  // Every kind that isn't named here: custom resources.
  [],
  [
    ...["Pod", "PodTemplate", "ReplicationController"],
    ...["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"].map((k) => `${k}.apps`),
    ...["Job.batch", "CronJob.batch", "Rollout.argoproj.io", "Rollout.rollouts.kulta.io"],
  ],
  [
    ...["HorizontalPodAutoscaler.autoscaling", "PodDisruptionBudget.policy"],
    ...[
      "Ingress.networking.k8s.io",
      "ScaledObject.keda.sh",
      "VerticalPodAutoscaler.autoscaling.k8s.io",
    ],
    ...["HTTPRoute", "GRPCRoute", "TLSRoute"].map((kind) => `${kind}.gateway.networking.k8s.io`),
  ],
  [
    "APIService.apiregistration.k8s.io",
    ...[
      ...["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"],
      ...["ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicyBinding"],
    ].map((kind) => `${kind}.admissionregistration.k8s.io`),
  ],
];

const CUSTOM = CLASSES.findIndex((kinds) => kinds.length === 0);
const table = new Map(CLASSES.flatMap((kinds, index) => kinds.map((kind) => [kind, index])));

/** Namespaces and CustomResourceDefinitions. */
export const FIRST = 0;
/** What may only come when the workloads are ready. */
export const LAST = CLASSES.length - 1;

export const classOf = (object: KubeObject.KubeObject): number => {
  const group = KubeObject.groupOf(object.apiVersion);
  return table.get(group === "" ? object.kind : `${object.kind}.${group}`) ?? CUSTOM;
};
