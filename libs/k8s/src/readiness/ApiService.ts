/** The API server reaches what serves it. */
import { conditionOf } from "../diagnosis/Pod.js";
import { notYet, partsOf, type ReadinessRule, yes } from "./Judgement.js";

export const rule: ReadinessRule = (object) => {
  const available = conditionOf(partsOf(object).conditions, "Available");
  return available?.status === "True"
    ? yes("available")
    : notYet(available?.message || "not available yet");
};
