/** What holds for every kind, before its own rule: deletion, a generation not yet seen, and kstatus' two conditions. */
import type { KubeObject } from "@nopea/domain";
import { conditionOf, millis } from "../diagnosis/Pod.js";
import { seenCondition } from "../diagnosis/Sign.js";
import { failed, notYet, partsOf, type Readiness } from "./Judgement.js";

/** Argo Rollouts writes a string. */
const generationOf = (value: unknown): number | undefined =>
  typeof value === "number" || (typeof value === "string" && /^\d+$/.test(value))
    ? Number(value)
    : undefined;

/** Undefined where the kind's own rule decides. */
export const generic = (object: KubeObject.KubeObject): Readiness | undefined => {
  if (object.metadata.deletionTimestamp !== undefined)
    return object.kind === "Namespace" ? undefined : notYet("is being deleted");
  const { status, conditions } = partsOf(object);
  const observed = generationOf(status["observedGeneration"]);
  const generation = object.metadata.generation;
  if (observed !== undefined && generation !== undefined && observed < generation)
    return notYet("waiting for its controller to see the change");
  const reconciling = conditionOf(conditions, "Reconciling");
  if (reconciling?.status === "True") return notYet(reconciling.message || "reconciling");
  const stalled = conditionOf(conditions, "Stalled");
  if (stalled?.status === "True")
    return failed({
      reason: "progress_deadline_exceeded",
      message: stalled.message || stalled.reason || "stalled",
      evidence: [seenCondition(stalled)],
      at: millis(stalled.lastTransitionTime),
    });
  return undefined;
};
