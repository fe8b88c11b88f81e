/** sandbox_failed: the node could not give the pod its network or devices. */
import { eventAt } from "./Pod.js";
import { type PodView, standingEvent } from "./PodView.js";
import { make, seenEvent, type Sign } from "./Sign.js";

const reasons = [
  "FailedCreatePodSandBox",
  "FailedCreatePodSandbox",
  "FailedPodSandBoxStatus",
  "NetworkNotReady",
  "FailedPrepareDynamicResources",
  "FailedCreatePodContainer",
];

export const rule = (view: PodView): Sign | undefined => {
  const event = view.starting ? standingEvent(view, reasons) : undefined;
  return event === undefined
    ? undefined
    : make({
        reason: "sandbox_failed",
        message: event.message ?? "the pod's sandbox could not be made",
        evidence: [seenEvent(event)],
        decidedAt: eventAt(event),
      });
};
