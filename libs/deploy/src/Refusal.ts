/**
 * Why a deploy was not begun. A refusal records no outcome: whatever is found before the deploy
 * wrote itself down is one of these, whatever is found later is an outcome.
 */
import { BadInput, KubeObject, Evidence, Reason, Wire } from "@nopea/domain";
import { ClusterError } from "@nopea/k8s";
import { Schema } from "effect";

/** Ten deploys of the service are waiting already. */
export class QueueFull extends Schema.TaggedError<QueueFull>()("QueueFull", {
  message: Schema.String,
  advice: Wire.optional(Schema.String),
}) {}

/** Another deploy held the service's lock for longer than was to be waited. */
export class Locked extends Schema.TaggedError<Locked>()("Locked", {
  message: Schema.String,
  advice: Wire.optional(Schema.String),
}) {}

/** The policy lets nothing be deployed at this time. */
export class FreezeWindow extends Schema.TaggedError<FreezeWindow>()("FreezeWindow", {
  message: Schema.String,
  advice: Wire.optional(Schema.String),
}) {}

/** The cluster, a rule of nopea or another owner says no; `reason` where it is one of the list. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  message: Schema.String,
  reason: Wire.optional(Reason.Reason),
  object: Wire.optional(KubeObject.ObjectRef),
  evidence: Wire.optional(Schema.Array(Evidence.Evidence)),
  advice: Wire.optional(Schema.String),
}) {}

export const Refusal = Schema.Union(
  BadInput,
  QueueFull,
  Locked,
  FreezeWindow,
  Refused,
  ClusterError.ClusterUnreachable,
  ClusterError.ApiFailure,
);
export type Refusal = typeof Refusal.Type;
