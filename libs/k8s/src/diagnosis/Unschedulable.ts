/**
 * unschedulable: no node takes the pod. It never ends the wait early, since an autoscaler may
 * bring a node; unless the autoscaler itself says that it won't.
 */
import { conditionOf, eventAt, millis } from "./Pod.js";
import type { PodView } from "./PodView.js";
import { make, seenCondition, seenEvent, type Sign } from "./Sign.js";

/** `0/5 nodes are available: 3 Insufficient cpu, 2 …. preemption: …` without what pre-emption would do. */
const perNode = (message: string): string => message.replace(/\.?\s*preemption: .*$/s, "").trim();

export const rule = (view: PodView): Sign | undefined => {
  const condition = conditionOf(view.pod.status?.conditions, "PodScheduled");
  if (condition?.status === "True") return undefined;
  if (condition?.reason === "SchedulingGated")
    return make({
      reason: "unschedulable",
      class: "transient",
      message: condition.message ?? "scheduling is gated",
      evidence: [seenCondition(condition)],
    });
  const failed = view.events.findLast((event) => event.reason === "FailedScheduling");
  const text = condition?.reason === "Unschedulable" ? condition.message : undefined;
  const message = text ?? failed?.message;
  if (message === undefined) return undefined;
  const refused = view.events.findLast((event) => event.reason === "NotTriggerScaleUp");
  return make({
    reason: "unschedulable",
    class: refused === undefined ? undefined : "terminal",
    message: perNode(message),
    evidence: [
      condition === undefined || text === undefined ? undefined : seenCondition(condition),
      failed === undefined ? undefined : seenEvent(failed),
      refused === undefined ? undefined : seenEvent(refused),
    ],
    decidedAt: refused === undefined ? millis(condition?.lastTransitionTime) : eventAt(refused),
  });
};
