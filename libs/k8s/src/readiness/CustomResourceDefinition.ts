/** It is established: the API server serves its kind. */
import { conditionOf, millis } from "../diagnosis/Pod.js";
import { seenCondition } from "../diagnosis/Sign.js";
import { failed, notYet, partsOf, type ReadinessRule, yes } from "./Judgement.js";

export const rule: ReadinessRule = (object) => {
  const { conditions } = partsOf(object);
  const names = conditionOf(conditions, "NamesAccepted");
  const established = conditionOf(conditions, "Established");
  const refused =
    names?.status === "False"
      ? names
      : established?.status === "False" && established.reason !== "Installing"
        ? established
        : undefined;
  if (refused !== undefined)
    return failed({
      reason: "crd_invalid",
      message: refused.message || refused.reason || "not accepted",
      evidence: [seenCondition(refused)],
      at: millis(refused.lastTransitionTime),
    });
  return established?.status === "True" ? yes("established") : notYet("not established yet");
};
