/** The table of kinds that are more than stored objects. */
import {
  autoscaler,
  claim,
  configMap,
  definition,
  event,
  namespace,
  networkPolicy,
  roleBinding,
  secret,
  service,
} from "./config.js";
import type { Kind } from "./Kind.js";
import { cronJob, daemonSet, deployment, job, pod, replicaSet, statefulSet } from "./workloads.js";

const counted: Kind = { generation: true };

const KINDS: Readonly<Record<string, Kind>> = {
  pods: pod,
  configmaps: configMap,
  secrets: secret,
  services: service,
  namespaces: namespace,
  persistentvolumeclaims: claim,
  events: event,
  "deployments.apps": deployment,
  "replicasets.apps": replicaSet,
  "statefulsets.apps": statefulSet,
  "daemonsets.apps": daemonSet,
  "jobs.batch": job,
  "cronjobs.batch": cronJob,
  "horizontalpodautoscalers.autoscaling": autoscaler,
  "poddisruptionbudgets.policy": counted,
  "ingresses.networking.k8s.io": counted,
  "networkpolicies.networking.k8s.io": networkPolicy,
  "roles.rbac.authorization.k8s.io": { name: "path" },
  "clusterroles.rbac.authorization.k8s.io": { name: "path" },
  "rolebindings.rbac.authorization.k8s.io": roleBinding,
  "clusterrolebindings.rbac.authorization.k8s.io": roleBinding,
  "leases.coordination.k8s.io": { versionRequired: true },
  "customresourcedefinitions.apiextensions.k8s.io": definition,
};
const NONE: Kind = {};
const CUSTOM: Kind = { generation: true, versionRequired: true };

export const kindOf = (resource: { readonly qualified: string; readonly custom: boolean }): Kind =>
  resource.custom ? CUSTOM : (KINDS[resource.qualified] ?? NONE);
