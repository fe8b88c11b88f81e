/**
 * A controller that can't create its pods: the API server's words, from the controller's
 * ReplicaFailure condition or its FailedCreate events, given one of the API's reasons.
 */
import type { KubeObject, Reason } from "@nopea/domain";
import * as AdmissionDenied from "./AdmissionDenied.js";
import * as ApiUnavailable from "./ApiUnavailable.js";
import * as NamespaceTerminating from "./NamespaceTerminating.js";
import { type Condition, conditionOf, eventAt, type KubeEvent, millis } from "./Pod.js";
import * as QuotaExceeded from "./QuotaExceeded.js";
import { make, seen, seenCondition, seenEvent, type Sign } from "./Sign.js";

/** The order decides where a text says several things: a refusal for a terminating namespace is "forbidden" too. */
const order: ReadonlyArray<readonly [Reason.Reason, (text: string) => boolean]> = [
  ["quota_exceeded", (text) => QuotaExceeded.says(text) && !/status unknown/i.test(text)],
  ["api_unavailable", ApiUnavailable.says],
  ["namespace_terminating", NamespaceTerminating.says],
  ["forbidden", (text) => /\bcannot (?:create|patch|update|get|list) resource\b/i.test(text)],
  ["admission_denied", AdmissionDenied.says],
  ["invalid_object", (text) => /is invalid:|Invalid value|Required value/i.test(text)],
];

/** The reason that the API server's words come down to; a refusal that no list knows is `admission_denied`. */
export const reasonOf = (text: string): Reason.Reason =>
  order.find(([, says]) => says(text))?.[0] ?? "admission_denied";

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
