/** It is bound; one that waits for its first pod must not be waited for, since that pod comes later. */
import { notYet, partsOf, type ReadinessRule, yes } from "./Judgement.js";

export const rule: ReadinessRule = (object, context) => {
  const phase = partsOf(object).status["phase"];
  if (phase === "Bound") return yes("bound");
  if (phase === "Lost") return notYet("has lost its volume");
  return context.volumeBindingMode === "WaitForFirstConsumer"
    ? yes("will be bound when its first pod is scheduled")
    : notYet("waiting for a volume");
};
