/**
 * When an object is ready: the generic rules, then the rule of its kind. A new kind is one file
 * and one row here. Everything is pure; the clock is in the context.
 */
import { KubeObject } from "@nopea/domain";
import * as ApiService from "./ApiService.js";
import * as CustomResource from "./CustomResource.js";
import * as CustomResourceDefinition from "./CustomResourceDefinition.js";
import * as DaemonSet from "./DaemonSet.js";
import * as Deployment from "./Deployment.js";
import { generic } from "./Generic.js";
import * as HorizontalPodAutoscaler from "./HorizontalPodAutoscaler.js";
import * as Job from "./Job.js";
import { type ReadinessRule, yes } from "./Judgement.js";
import * as Namespace from "./Namespace.js";
import * as PersistentVolumeClaim from "./PersistentVolumeClaim.js";
import * as Pod from "./Pod.js";
import * as ReplicaSet from "./ReplicaSet.js";
import * as Rollout from "./Rollout.js";
import * as Service from "./Service.js";
import * as StatefulSet from "./StatefulSet.js";

/** By group and kind. */
const rules: Readonly<Record<string, ReadinessRule>> = {
  "apps/Deployment": Deployment.rule,
  "apps/StatefulSet": StatefulSet.rule,
  "apps/DaemonSet": DaemonSet.rule,
  "apps/ReplicaSet": ReplicaSet.rule,
  "batch/Job": Job.rule,
  "/Pod": Pod.rule,
  "/PersistentVolumeClaim": PersistentVolumeClaim.rule,
  "/Service": Service.rule,
  "/Namespace": Namespace.rule,
  "apiextensions.k8s.io/CustomResourceDefinition": CustomResourceDefinition.rule,
  "apiregistration.k8s.io/APIService": ApiService.rule,
  "autoscaling/HorizontalPodAutoscaler": HorizontalPodAutoscaler.rule,
  "argoproj.io/Rollout": Rollout.rule,
};

/** Kubernetes' own groups: their kinds without a rule have nothing to wait for. */
const builtIn = new Set([
  "",
  "apps",
  "batch",
  "autoscaling",
  "policy",
  "admissionregistration.k8s.io",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "apiextensions.k8s.io",
  "apiregistration.k8s.io",
  "certificates.k8s.io",
  "coordination.k8s.io",
  "discovery.k8s.io",
  "events.k8s.io",
  "flowcontrol.apiserver.k8s.io",
  "networking.k8s.io",
  "node.k8s.io",
  "rbac.authorization.k8s.io",
  "resource.k8s.io",
  "scheduling.k8s.io",
  "storage.k8s.io",
]);

const ruleFor = (ref: { readonly apiVersion: string; readonly kind: string }) => {
  const group = KubeObject.groupOf(ref.apiVersion);
  return rules[`${group}/${ref.kind}`] ?? (builtIn.has(group) ? undefined : CustomResource.rule);
};

/**
 * Ready as soon as it is applied, and never otherwise: ConfigMaps, Secrets, Roles, CronJobs,
 * PodDisruptionBudgets, Ingresses… (an Ingress's address is its controller's to give, and many
 * never do). They need not be watched.
 */
export const isAlwaysReady = (ref: {
  readonly apiVersion: string;
  readonly kind: string;
}): boolean => ruleFor(ref) === undefined;

export const of: ReadinessRule = (object, context) => {
  const rule = ruleFor(object);
  if (rule === undefined) return yes("applied");
  return generic(object) ?? rule(object, context);
};
