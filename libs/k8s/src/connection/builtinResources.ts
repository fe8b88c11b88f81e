/** Kinds that every supported Kubernetes serves: known without asking, so that most commands need no discovery. */
import type { ApiResource } from "./ApiResource.js";

const VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"];

/** One word a kind: `Kind:plural`, a `*` before it where it is cluster-scoped. */
const table: Readonly<Record<string, string>> = {
  v1: "ConfigMap:configmaps Secret:secrets Service:services Pod:pods Event:events ServiceAccount:serviceaccounts PersistentVolumeClaim:persistentvolumeclaims LimitRange:limitranges ResourceQuota:resourcequotas ReplicationController:replicationcontrollers *Namespace:namespaces *Node:nodes *PersistentVolume:persistentvolumes",
  "apps/v1":
    "Deployment:deployments ReplicaSet:replicasets StatefulSet:statefulsets DaemonSet:daemonsets ControllerRevision:controllerrevisions",
  "batch/v1": "Job:jobs CronJob:cronjobs",
  "coordination.k8s.io/v1": "Lease:leases",
  "networking.k8s.io/v1":
    "Ingress:ingresses NetworkPolicy:networkpolicies *IngressClass:ingressclasses",
  "policy/v1": "PodDisruptionBudget:poddisruptionbudgets",
  "autoscaling/v2": "HorizontalPodAutoscaler:horizontalpodautoscalers",
  "rbac.authorization.k8s.io/v1":
    "Role:roles RoleBinding:rolebindings *ClusterRole:clusterroles *ClusterRoleBinding:clusterrolebindings",
  "apiextensions.k8s.io/v1": "*CustomResourceDefinition:customresourcedefinitions",
  "storage.k8s.io/v1": "*StorageClass:storageclasses",
};

export const key = (apiVersion: string, kind: string): string => `${apiVersion}/${kind}`;

export const builtin: ReadonlyMap<string, ApiResource> = new Map(
  Object.entries(table).flatMap(([apiVersion, words]) =>
    words.split(" ").map((word) => {
      const [kind = "", name = ""] = word.replace("*", "").split(":");
      return [
        key(apiVersion, kind),
        { apiVersion, kind, name, namespaced: !word.startsWith("*"), verbs: VERBS, shortNames: [] },
      ] as const;
    }),
  ),
);
