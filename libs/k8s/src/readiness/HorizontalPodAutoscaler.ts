/** Ready once applied: an autoscaler without metrics scales nothing, but breaks nothing either. What it lacks is in its message. */
import { conditionOf } from "../diagnosis/Pod.js";
import { partsOf, type ReadinessRule, yes } from "./Judgement.js";

export const rule: ReadinessRule = (object) => {
  const active = conditionOf(partsOf(object).conditions, "ScalingActive");
  return yes(
    active?.status === "False"
      ? `applied, but does not scale: ${active.message ?? active.reason ?? ""}`
      : "applied",
  );
};
