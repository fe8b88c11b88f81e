/** It is active; one that is being deleted takes nothing new. */
import { failed, notYet, partsOf, type ReadinessRule, yes } from "./Judgement.js";

export const rule: ReadinessRule = (object) => {
  const phase = partsOf(object).status["phase"];
  if (phase === "Terminating" || object.metadata.deletionTimestamp !== undefined)
    return failed({
      reason: "namespace_terminating",
      message: "the namespace is being deleted",
      evidence: [],
    });
  return phase === "Active" || phase === undefined
    ? yes("active")
    : notYet(`phase ${String(phase)}`);
};
