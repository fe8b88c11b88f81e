/** evicted: the pod was ended from outside; its controller makes another one. */
import { conditionOf } from "./Pod.js";
import type { PodView } from "./PodView.js";
import { make, seen, seenCondition, type Sign } from "./Sign.js";

/** `pod.status.reason`s that speak of the node (as kube-state-metrics lists them). */
const reasons: ReadonlyArray<string> = [
  "Evicted",
  "NodeLost",
  "NodeAffinity",
  "NodeShutdown",
  "Preempting",
  "PreemptionByScheduler",
  "Shutdown",
  "Terminated",
  "TerminationByKubelet",
  "UnexpectedAdmissionError",
];

export const rule = (view: PodView): Sign | undefined => {
  const { reason = "", message = "" } = view.pod.status ?? {};
  const disruption = conditionOf(view.pod.status?.conditions, "DisruptionTarget");
  const disrupted = disruption?.status === "True" ? disruption : undefined;
  // OutOfcpu, OutOfmemory…: the kubelet had no room after all.
  const byNode = reasons.includes(reason) || reason.startsWith("OutOf");
  if (!byNode && disrupted === undefined) return undefined;
  return make({
    reason: "evicted",
    message: [byNode ? reason : disrupted?.reason, message || disrupted?.message]
      .filter((part) => part !== undefined && part !== "")
      .join(": "),
    evidence: [
      byNode ? seen("state", `${reason}: ${message}`) : undefined,
      disrupted === undefined ? undefined : seenCondition(disrupted),
    ],
  });
};
