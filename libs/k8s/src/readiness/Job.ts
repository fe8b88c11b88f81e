/** It has completed. One that runs is in progress, whatever kstatus says; one that is suspended is where it was asked to be. */
import { conditionOf } from "../diagnosis/Pod.js";
import { seenCondition } from "../diagnosis/Sign.js";
import { failed, figure, notYet, partsOf, type ReadinessRule, yes } from "./Judgement.js";

export const rule: ReadinessRule = (object) => {
  const { spec, status, conditions } = partsOf(object);
  // FailureTarget and SuccessCriteriaMet come as soon as it is decided, before the last pods have ended.
  const failure = ["Failed", "FailureTarget"]
    .map((type) => conditionOf(conditions, type))
    .find((condition) => condition?.status === "True");
  if (failure !== undefined)
    return failed({
      reason: "job_failed",
      message: [failure.reason, failure.message].filter(Boolean).join(": ") || "the Job failed",
      // No `at`: a Job that has failed stays so, however long ago that was.
      evidence: [seenCondition(failure)],
    });
  if (conditionOf(conditions, "Complete")?.status === "True") return yes("completed");
  if (conditionOf(conditions, "Suspended")?.status === "True" && spec["suspend"] === true)
    return yes("suspended, as its manifest says");
  if (status["startTime"] === undefined) return notYet("not started yet");
  const wanted = figure(spec, "completions", 1);
  const tries = figure(status, "failed");
  const running = figure(status, "active");
  return notYet(
    [
      `${figure(status, "succeeded")} of ${wanted} pods succeeded`,
      ...(running > 0 ? [`${running} running`] : []),
      ...(tries > 0 ? [`${tries} failed`] : []),
    ].join(", "),
  );
};
