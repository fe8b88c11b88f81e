/**
 * A custom resource: its Ready condition where it has one. One without a status counts as ready
 * only after a grace time, for its controller may not have looked at it yet, or may not exist.
 */
import type { KubeObject } from "@nopea/domain";
import { conditionOf, millis } from "../diagnosis/Pod.js";
import { notYet, partsOf, type ReadinessRule, yes } from "./Judgement.js";

const GRACE_MS = 10_000;

/** When it was last written, as far as it says. */
const changedAt = (object: KubeObject.KubeObject): number =>
  Math.max(
    millis(object.metadata.creationTimestamp) ?? 0,
    ...(object.metadata.managedFields ?? []).map((entry) => millis(entry.time) ?? 0),
  );

/** When a resource without a status counts as ready, by the cluster's clock in milliseconds. */
export const graceEnd = (object: KubeObject.KubeObject): number => changedAt(object) + GRACE_MS;

export const rule: ReadinessRule = (object, context) => {
  const { status, conditions } = partsOf(object);
  const ready = conditionOf(conditions, "Ready");
  if (ready !== undefined) {
    const observed = Number(ready.observedGeneration ?? object.metadata.generation ?? 0);
    if (observed < (object.metadata.generation ?? 0))
      return notYet("waiting for its controller to see the change");
    return ready.status === "True"
      ? yes(ready.message || "ready")
      : notYet(ready.message || ready.reason || "not ready yet");
  }
  if (Object.keys(status).length === 0 && context.now < graceEnd(object))
    return notYet("waiting for its controller's first word");
  return yes("applied");
};
