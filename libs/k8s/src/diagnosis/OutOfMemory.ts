/** out_of_memory: killed for want of memory; terminal at the second time, for once may be a peak. */
import { type ContainerView, isJobPod } from "./ContainerView.js";
import { millis } from "./Pod.js";
import { endText, make, seenEnd, seenWaiting, type Sign } from "./Sign.js";

/** Runs that failed before it is terminal: restartCount ≥ 1 and killed again. */
const TERMINAL_RUNS = 2;

export const rule = (view: ContainerView): Sign | undefined => {
  const end = view.lastEnd;
  if (end?.reason !== "OOMKilled" || view.failedRuns === 0) return undefined;
  const limit = view.spec.resources?.limits?.["memory"];
  const often = view.failedRuns > 1 ? `, ${view.failedRuns} runs failed` : "";
  return make({
    reason: "out_of_memory",
    // A Job has its own limit of tries.
    class: view.failedRuns < TERMINAL_RUNS || isJobPod(view.pod) ? "deadline" : undefined,
    message:
      limit === undefined
        ? `${endText(end)}${often}; the container has no memory limit of its own`
        : `${endText(end)} at a memory limit of ${limit}${often}`,
    container: view.name,
    evidence: [seenWaiting(view), seenEnd(end)],
    decidedAt: millis(end.startedAt),
  });
};
