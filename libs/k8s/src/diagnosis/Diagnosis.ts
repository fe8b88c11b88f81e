/**
 * The registry of diagnosis: which rules look at a container and at a pod, and in which order
 * reasons count. A new reason is one file and one row here. Everything is pure.
 */
import { type Reason, Reason as Reasons } from "@nopea/domain";
import * as ContainerConfigMissing from "./ContainerConfigMissing.js";
import * as ContainerStartFailed from "./ContainerStartFailed.js";
import { containersOf, type ContainerView, type DiagnosisContext } from "./ContainerView.js";
import * as CrashLoop from "./CrashLoop.js";
import * as Evicted from "./Evicted.js";
import * as ImagePull from "./ImagePull.js";
import * as LifecycleHookFailed from "./LifecycleHookFailed.js";
import * as OutOfMemory from "./OutOfMemory.js";
import { type Pod, podIsReady } from "./Pod.js";
import { type PodView, podView } from "./PodView.js";
import * as ProbeFailing from "./ProbeFailing.js";
import * as SandboxFailed from "./SandboxFailed.js";
import type { Sign } from "./Sign.js";
import * as Unschedulable from "./Unschedulable.js";
import * as VolumeUnavailable from "./VolumeUnavailable.js";

/** The first that speaks is the container's sign: a killed probe or hook also looks like a crash loop. */
const containerRules: ReadonlyArray<(view: ContainerView) => Sign | undefined> = [
  ImagePull.rule,
  ContainerConfigMissing.rule,
  LifecycleHookFailed.rule,
  OutOfMemory.rule,
  ContainerStartFailed.rule,
  ProbeFailing.rule,
  CrashLoop.rule,
];

const podRules: ReadonlyArray<(view: PodView) => Sign | undefined> = [
  Evicted.rule,
  VolumeUnavailable.rule,
  SandboxFailed.rule,
  Unschedulable.rule,
];

/** Every sign that a pod shows now: at most one for each container, and those of the pod itself. A ready pod shows none. */
export const ofPod = (pod: Pod, context: DiagnosisContext): ReadonlyArray<Sign> => {
  if (podIsReady(pod)) return [];
  const whole = podView(pod, context);
  const signs = [
    ...containersOf(pod, context)
      .filter((view) => !view.fine)
      .map((view) => first(containerRules, view)),
    ...podRules.map((rule) => rule(whole)),
  ];
  return signs.filter((sign) => sign !== undefined).sort(byPriority);
};

const first = <A>(rules: ReadonlyArray<(input: A) => Sign | undefined>, input: A) => {
  for (const rule of rules) {
    const sign = rule(input);
    if (sign !== undefined) return sign;
  }
  return undefined;
};

export const classOf = (sign: Pick<Sign, "reason" | "class">): Reason.ReasonClass =>
  sign.class ?? Reasons.ruleOf(sign.reason).class;

const classOrder: Readonly<Record<Reason.ReasonClass, number>> = {
  terminal: 0,
  window: 1,
  deadline: 2,
  transient: 3,
};

/** Within a class, nearer to the root first: what keeps pods from being made, then from starting, then from running. */
const reasonOrder: ReadonlyArray<Reason.Reason> = [
  "namespace_terminating",
  "crd_invalid",
  "quota_exceeded",
  "admission_denied",
  "forbidden",
  "invalid_object",
  "image_reference_invalid",
  "image_not_found",
  "image_pull_denied",
  "image_pull_failed",
  "container_config_missing",
  "container_start_failed",
  "lifecycle_hook_failed",
  "out_of_memory",
  "crash_loop",
  "job_failed",
  "pvc_unbound",
  "volume_unavailable",
  "unschedulable",
  "sandbox_failed",
  "probe_failing",
  "evicted",
  "api_unavailable",
  "progress_deadline_exceeded",
];

const place = (reason: Reason.Reason): number => {
  const index = reasonOrder.indexOf(reason);
  return index < 0 ? reasonOrder.length : index;
};

/** Which of two signs names the cause: for `sort`. */
export const byPriority = (
  a: Pick<Sign, "reason" | "class">,
  b: Pick<Sign, "reason" | "class">,
): number => classOrder[classOf(a)] - classOrder[classOf(b)] || place(a.reason) - place(b.reason);
