/**
 * Why a deploy failed: a closed list, so that memory can add up what it has seen. Each reason
 * has a class, which says what the wait does when it sees one, and a default window.
 */
import { Schema } from "effect";

/**
 * - `terminal`: waiting can't mend it. The wait ends once every unready new pod shows one.
 * - `window`: may mend itself; ends the wait when it has stood for its window.
 * - `transient`: the platform's business; never ends the wait.
 * - `deadline`: never ends the wait early, but is the reason when the time is over.
 */
export type ReasonClass = "terminal" | "window" | "transient" | "deadline";

/** Whose doing it usually is: memory weighs what the platform caused less than what the change did. */
export type ReasonBlame = "change" | "platform" | "operator";

export interface ReasonRule {
  readonly class: ReasonClass;
  /** How long a `window` reason must stand, in milliseconds. A setting; this is the default. */
  readonly windowMs?: number;
  readonly blame: ReasonBlame;
  /** One clause that finishes "the deploy failed: …". */
  readonly meaning: string;
}

const rule = (
  reasonClass: ReasonClass,
  blame: ReasonBlame,
  meaning: string,
  windowMs?: number,
): ReasonRule => ({
  class: reasonClass,
  blame,
  meaning,
  ...(windowMs === undefined ? {} : { windowMs }),
});

/** The list, in the order of a deploy: pods first, then what the API refuses, then the deploy itself. */
export const reasons = {
  image_reference_invalid: rule("terminal", "change", "an image reference is malformed"),
  image_not_found: rule("terminal", "change", "an image does not exist in its registry"),
  image_pull_denied: rule("window", "change", "a registry refused to hand out an image", 30_000),
  image_pull_failed: rule("window", "platform", "an image could not be pulled", 30_000),
  container_config_missing: rule(
    "window",
    "change",
    "a ConfigMap, Secret or key that a container needs is missing",
    30_000,
  ),
  container_start_failed: rule("terminal", "change", "a container could not be started"),
  crash_loop: rule("terminal", "change", "a container keeps crashing"),
  out_of_memory: rule("terminal", "change", "a container ran out of memory"),
  probe_failing: rule("deadline", "change", "a probe keeps failing"),
  lifecycle_hook_failed: rule("terminal", "change", "a container's lifecycle hook failed"),
  volume_unavailable: rule("window", "change", "a volume could not be mounted", 120_000),
  sandbox_failed: rule("window", "platform", "the node could not set up the pod", 120_000),
  unschedulable: rule("deadline", "change", "no node can take the pod"),
  evicted: rule("transient", "platform", "the node evicted the pod"),
  quota_exceeded: rule("window", "change", "a quota does not allow it", 30_000),
  admission_denied: rule("terminal", "change", "an admission policy or webhook refused it"),
  job_failed: rule("terminal", "change", "a Job failed"),
  pvc_unbound: rule("deadline", "platform", "a volume claim is not bound"),
  progress_deadline_exceeded: rule("terminal", "change", "Kubernetes gave up on the rollout"),
  timeout: rule("deadline", "change", "it was not ready in time, and nothing says why"),
  forbidden: rule("terminal", "operator", "this account lacks a permission"),
  field_conflict: rule("terminal", "operator", "another manager owns a field"),
  immutable_field: rule("terminal", "change", "a field can't be changed once it is set"),
  invalid_object: rule("terminal", "change", "Kubernetes refused an object as invalid"),
  object_too_large: rule("terminal", "change", "an object is too large for Kubernetes to keep"),
  unknown_kind: rule("terminal", "change", "the cluster does not know a kind"),
  namespace_terminating: rule("terminal", "operator", "the namespace is being deleted"),
  crd_invalid: rule("terminal", "change", "a CustomResourceDefinition was not accepted"),
  cluster_unreachable: rule("transient", "platform", "the cluster can't be reached"),
  api_unavailable: rule("transient", "platform", "the API server did not answer as it should"),
  engine_unavailable: rule("terminal", "operator", "no rollout engine is installed"),
  engine_did_not_roll: rule("terminal", "platform", "the rollout engine did not act"),
  rollout_aborted: rule("terminal", "change", "the rollout was aborted"),
  rollout_lost: rule("terminal", "operator", "the rollout was deleted by someone"),
  superseded: rule("terminal", "operator", "a newer deploy took its place"),
  interrupted: rule("terminal", "operator", "it was interrupted"),
} as const satisfies Readonly<Record<string, ReasonRule>>;

export type Reason = keyof typeof reasons;

export const all = Object.keys(reasons) as ReadonlyArray<Reason> as readonly [Reason, ...Reason[]];

export const Reason = Schema.Literal(...all).annotations({ identifier: "Reason" });

export const ruleOf = (reason: Reason): ReasonRule => reasons[reason];
