/** lifecycle_hook_failed: a postStart hook failed, for which the kubelet kills the container. */
import { type ContainerView, inLastRun, lastEvent } from "./ContainerView.js";
import { eventAt } from "./Pod.js";
import { make, seenEvent, seenWaiting, type Sign } from "./Sign.js";

const WAITING = /^(?:PostStartHookError|PreStartHookError|PreCreateHookError)/;

export const rule = (view: ContainerView): Sign | undefined => {
  const event = lastEvent(view, ["FailedPostStartHook", "FailedPreStartHook"]);
  const waits = WAITING.test(view.waitingReason);
  const killed = view.failedRuns > 0 && event !== undefined && inLastRun(view, event);
  if (!waits && !killed) return undefined;
  return make({
    reason: "lifecycle_hook_failed",
    message: event?.message || view.waitingMessage || view.waitingReason,
    container: view.name,
    evidence: [seenWaiting(view), event === undefined ? undefined : seenEvent(event)],
    decidedAt: event === undefined ? undefined : eventAt(event),
  });
};
