/** It is ready, or has succeeded; one that failed has failed. */
import { conditionOf, type Pod } from "../diagnosis/Pod.js";
import { endText, seen, seenEnd } from "../diagnosis/Sign.js";
import { failed, notYet, type ReadinessRule, yes } from "./Judgement.js";

export const rule: ReadinessRule = (object) => {
  const { status = {} } = object as Pod;
  if (status.phase === "Succeeded") return yes("succeeded");
  if (status.phase === "Failed") {
    const end = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
      .map((container) => container.state?.terminated)
      .find((terminated) => terminated !== undefined && terminated.exitCode !== 0);
    const evicted = status.reason !== undefined && status.reason !== "Error";
    return failed({
      reason: evicted ? "evicted" : end?.reason === "OOMKilled" ? "out_of_memory" : "crash_loop",
      message:
        [status.reason, status.message, end === undefined ? undefined : endText(end)]
          .filter((part) => part !== undefined && part !== "")
          .join(": ") || "the pod failed",
      evidence:
        end === undefined ? [seen("state", `phase Failed ${status.reason ?? ""}`)] : [seenEnd(end)],
    });
  }
  const ready = conditionOf(status.conditions, "Ready");
  if (ready?.status === "True") return yes("ready");
  const scheduled = conditionOf(status.conditions, "PodScheduled");
  if (scheduled?.status === "False") return notYet(scheduled.message || "not scheduled yet");
  return notYet(ready?.message || (status.phase === "Running" ? "not ready yet" : "starting"));
};
