/**
 * crash_loop: the process ends again and again. Terminal once the third run has failed (a
 * setting): a service that waits for another one often needs two.
 */
import { type ContainerView, isJobPod } from "./ContainerView.js";
import { millis } from "./Pod.js";
import { endText, make, seenEnd, seenWaiting, type Sign } from "./Sign.js";

/** A run that has lasted this long is no loop any more: the kubelet resets its back-off too. */
const RESET_MS = 600_000;

export const rule = (view: ContainerView): Sign | undefined => {
  const end = view.lastEnd;
  if (end === undefined || view.failedRuns === 0) return undefined;
  const started = millis(view.status.state?.running?.startedAt);
  if (started !== undefined && view.context.now - started >= RESET_MS) return undefined;
  const over = view.pod.status?.phase === "Failed";
  // One failed run, tried again: nothing yet that would be worth telling.
  if (view.failedRuns < 2 && view.waitingReason !== "CrashLoopBackOff" && !over) return undefined;
  const looped = view.failedRuns > view.context.crashLoopRestarts;
  return make({
    reason: "crash_loop",
    // A Job has its own limit of tries; a pod that is never restarted has had its last run.
    class: isJobPod(view.pod) || !(looped || over) ? "deadline" : undefined,
    message: `${endText(end)}${view.failedRuns > 1 ? `, ${view.failedRuns} runs failed` : ""}`,
    container: view.name,
    evidence: [seenWaiting(view), seenEnd(end)],
    decidedAt: millis(end.startedAt),
  });
};
