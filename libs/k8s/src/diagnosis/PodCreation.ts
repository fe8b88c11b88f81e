/**
 * A controller that can't create its pods: the API server's words, from the controller's
 * ReplicaFailure condition or its FailedCreate events, given one of the API's reasons.
 */
import type { KubeObject, Reason } from "@nopea/domain";
import * as AdmissionDenied from "./AdmissionDenied.js";
import * as ApiRefusal from "./ApiRefusal.js";
import * as ApiUnavailable from "./ApiUnavailable.js";
import * as Forbidden from "./Forbidden.js";
import { type Condition, conditionOf, eventAt, type KubeEvent, millis } from "./Pod.js";
import * as QuotaExceeded from "./QuotaExceeded.js";
import { make, seen, seenCondition, seenEvent, type Sign } from "./Sign.js";

/** A quoted refusal has lost its code: what its words leave open is read from looser ones. */
const looser: ReadonlyArray<readonly [Reason.Reason, (text: string) => boolean]> = [
  ["api_unavailable", ApiUnavailable.mayMean],
  ["forbidden", Forbidden.says],
  ["admission_denied", AdmissionDenied.mayMean],
  ["invalid_object", (text) => /is invalid:|Invalid value|Required value/i.test(text)],
];

/** The reason that the API server's words come down to; a refusal that no list knows is `admission_denied`. */
export const reasonOf = (text: string): Reason.Reason =>
  ApiRefusal.reasonOf(text) ?? looser.find(([, says]) => says(text))?.[0] ?? "admission_denied";

export interface PodCreationInput {
  /** The controller that creates the pods: the new ReplicaSet, the StatefulSet, the Job… */
  readonly controller: KubeObject.KubeObject;
  /** Its events, in any order. */
  readonly events: ReadonlyArray<KubeEvent>;
}

/** Undefined where the last attempt to create a pod did not fail. */
export const rule = (input: PodCreationInput): Sign | undefined => {
  const status = (
    input.controller as { readonly status?: { readonly conditions?: ReadonlyArray<Condition> } }
  ).status;
  const condition = conditionOf(status?.conditions, "ReplicaFailure");
  const failing = condition?.status === "True" ? condition : undefined;
  const events = [...input.events].sort((a, b) => eventAt(a) - eventAt(b));
  const event = events.findLast((candidate) => candidate.reason === "FailedCreate");
  const created = events.findLast((candidate) => candidate.reason === "SuccessfulCreate");
  // Kinds with a ReplicaFailure condition say themselves when it is over; of the others only events tell.
  const overcome =
    event === undefined || (created !== undefined && eventAt(created) > eventAt(event));
  if (failing === undefined && (overcome || input.controller.kind === "ReplicaSet"))
    return undefined;
  const text = failing?.message || event?.message || "pods can't be created";
  const quota = QuotaExceeded.figures(text);
  return make({
    reason: reasonOf(text),
    message: text,
    evidence: [
      failing === undefined ? undefined : seenCondition(failing),
      event === undefined || overcome ? undefined : seenEvent(event),
      quota === undefined ? undefined : seen("quota", quota),
    ],
    decidedAt:
      Math.max(
        millis(failing?.lastTransitionTime) ?? 0,
        event === undefined ? 0 : eventAt(event),
      ) || undefined,
  });
};
