/** Every node that should run its pod runs the new one, available. */
import {
  figure,
  nested,
  newPodsText,
  notYet,
  partsOf,
  type ReadinessRule,
  yes,
} from "./Judgement.js";

export const rule: ReadinessRule = (object, context) => {
  const { spec, status } = partsOf(object);
  if (
    status["observedGeneration"] === undefined ||
    object.metadata.generation === undefined ||
    status["desiredNumberScheduled"] === undefined
  )
    return notYet("waiting for its controller to see the change");
  if (nested(spec, "updateStrategy")["type"] === "OnDelete")
    return yes("applied; pods take the new revision when they are deleted (OnDelete)");
  const wanted = figure(status, "desiredNumberScheduled");
  const updated = figure(status, "updatedNumberScheduled");
  const ready = figure(status, "numberReady");
  const available = figure(status, "numberAvailable");
  if (figure(status, "currentNumberScheduled") < wanted || updated < wanted)
    return notYet(
      newPodsText({
        ready: context.newPodsReady ?? Math.min(updated, ready),
        wanted,
        created: updated,
      }),
    );
  if (ready < wanted) return notYet(newPodsText({ ready, wanted, created: wanted }));
  if (available < wanted) return notYet(`${ready} of ${wanted} pods ready, ${available} available`);
  return yes(`${ready} of ${wanted} pods ready`);
};
