/** As many pods as wanted, all available. */
import { conditionOf } from "../diagnosis/Pod.js";
import { figure, notYet, partsOf, type ReadinessRule, toEndText, yes } from "./Judgement.js";

export const rule: ReadinessRule = (object) => {
  const { spec, status, conditions } = partsOf(object);
  const wanted = figure(spec, "replicas", 1);
  const replicas = figure(status, "replicas");
  const ready = figure(status, "readyReplicas");
  const available = figure(status, "availableReplicas");
  if (status["observedGeneration"] === undefined)
    return notYet("waiting for its controller to see the change");
  const failure = conditionOf(conditions, "ReplicaFailure");
  if (failure?.status === "True") return notYet(failure.message || "its pods can't be created");
  if (replicas > wanted) return notYet(toEndText(replicas - wanted));
  if (ready < wanted) return notYet(`${ready} of ${wanted} pods ready`);
  if (available < wanted) return notYet(`${ready} of ${wanted} pods ready, ${available} available`);
  return yes(`${ready} of ${wanted} pods ready`);
};
