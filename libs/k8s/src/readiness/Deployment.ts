/** Every pod is of the new revision, available, and the old ones are gone. */
import { conditionOf, millis } from "../diagnosis/Pod.js";
import { seenCondition } from "../diagnosis/Sign.js";
import {
  failed,
  figure,
  newPodsText,
  notYet,
  partsOf,
  type ReadinessRule,
  toEndText,
  yes,
} from "./Judgement.js";

/** `progressDeadlineSeconds` that means none: the controller then writes no Progressing condition. */
const NO_DEADLINE = 2_147_483_647;

/** A pod counts as available when it was ready for so long. */
const heldText = (seconds: number): string =>
  seconds === 0 ? "" : ` (each has to stay ready for ${seconds}s)`;

export const rule: ReadinessRule = (object, context) => {
  const { spec, status, conditions } = partsOf(object);
  if (status["observedGeneration"] === undefined)
    return notYet("waiting for its controller to see the change");
  const wanted = figure(spec, "replicas", 1);
  const replicas = figure(status, "replicas");
  const updated = figure(status, "updatedReplicas");
  const available = figure(status, "availableReplicas");
  const ready = figure(status, "readyReplicas");
  const progressing = conditionOf(conditions, "Progressing");
  const done = replicas === wanted && updated === wanted && available >= wanted && ready >= wanted;

  const newReady =
    context.newPodsReady ??
    (context.newReplicaSet === undefined
      ? undefined
      : figure(partsOf(context.newReplicaSet).status, "readyReplicas"));
  const old = Math.max(0, replicas - updated);
  const newPods = newPodsText({
    ready: newReady ?? Math.min(updated, ready),
    wanted,
    created: updated,
    old,
  });

  if (spec["paused"] === true)
    return done
      ? yes(`${ready} of ${wanted} pods ready (paused)`)
      : failed({
          reason: "progress_deadline_exceeded",
          message: "it is paused (spec.paused): it rolls nothing out until it is resumed",
          evidence: progressing === undefined ? [] : [seenCondition(progressing)],
        });
  if (progressing?.reason === "ProgressDeadlineExceeded")
    return failed({
      reason: "progress_deadline_exceeded",
      message: `${progressing.message || "progress deadline exceeded"} (${newPods})`,
      evidence: [seenCondition(progressing)],
      at: millis(progressing.lastUpdateTime),
    });

  if (updated < wanted || replicas < wanted) return notYet(newPods);
  if (!done && newReady !== undefined && newReady < wanted) return notYet(newPods);
  if (old > 0) return notYet(`all new pods ready, ${toEndText(old, "old ")}`);
  if (replicas > wanted) return notYet(toEndText(replicas - wanted));
  if (ready < wanted) return notYet(newPods);
  if (available < wanted)
    return notYet(`${newPods}, ${available} available${heldText(figure(spec, "minReadySeconds"))}`);
  if (
    progressing?.reason !== "NewReplicaSetAvailable" &&
    figure(spec, "progressDeadlineSeconds", 600) !== NO_DEADLINE
  )
    return notYet(`${newPods}, waiting for its controller to finish the rollout`);
  const isAvailable = conditionOf(conditions, "Available");
  if (isAvailable?.status !== "True") return notYet(isAvailable?.message || "not available yet");
  return yes(`${ready} of ${wanted} pods ready`);
};
