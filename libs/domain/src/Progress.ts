/**
 * Every step of a deploy, as one stream of events; the last one is always `outcome` with the
 * result. `queued`, `applying` and `waiting` are only for who looks on; the others are stored,
 * and numbered by `seq` from 0 without gaps. A live event repeats the `seq` of the stored one
 * before it, so that who comes back with the last `seq` seen misses nothing that was stored.
 */
import { Schema } from "effect";
import { key, optional } from "./Wire.js";
import { DeployId } from "./DeployId.js";
import { DeployResult, Difference } from "./DeployResult.js";
import { Evidence } from "./Evidence.js";
import { ObjectRef } from "./KubeObject.js";
import { Plan, PlanAction } from "./Plan.js";
import { Reason } from "./Reason.js";
import { Risk } from "./Risk.js";
import { Namespace, ServiceName } from "./Service.js";
import { Choice, Strategy } from "./Strategy.js";
import { Timestamp } from "./Timestamp.js";

const event = <Type extends string, Fields extends Schema.Struct.Fields>(
  type: Type,
  fields: Fields,
) =>
  Schema.Struct({
    deployId: key(DeployId, "deploy_id"),
    seq: Schema.NonNegativeInt,
    at: Timestamp,
    type: Schema.Literal(type),
    ...fields,
  });

export const Accepted = event("accepted", {
  service: ServiceName,
  namespace: Namespace,
  manifestCount: key(Schema.NonNegativeInt, "manifest_count"),
});
/** Another deploy of the service holds the lock; live only. */
export const Queued = event("queued", { holder: Schema.String });
export const Locked = event("locked", {});
export const Planned = event("planned", {
  strategy: Strategy,
  plan: Plan,
  choice: optional(Choice),
  risk: optional(Risk),
});
/** One object's apply: `sent`, where it takes its time, then `done` with what came of it; live only. */
export const Applying = event("applying", {
  object: ObjectRef,
  state: Schema.Literal("sent", "done"),
  action: optional(PlanAction),
});
/** All objects are applied. */
export const Applied = event("applied", { objects: Schema.NonNegativeInt });
/** Where one object stands; live only, at most four a second for each. */
export const Waiting = event("waiting", {
  object: ObjectRef,
  ready: Schema.Boolean,
  /** Why it is not ready yet: `1 of 3 new pods ready`. */
  message: Schema.String,
});
/** A pod shows a reason; once for each pod, container and reason. */
export const PodReason = event("pod_reason", {
  object: ObjectRef,
  pod: Schema.String,
  container: optional(Schema.String),
  reason: Reason,
  message: Schema.String,
  evidence: Schema.Array(Evidence),
});
export const Warning = event("warning", { message: Schema.String });
export const Verified = event("verified", {
  verified: Schema.Boolean,
  differences: Schema.Array(Difference),
});
export const OutcomeReached = event("outcome", { result: DeployResult });

export const Progress = Schema.Union(
  Accepted,
  Queued,
  Locked,
  Planned,
  Applying,
  Applied,
  Waiting,
  PodReason,
  Warning,
  Verified,
  OutcomeReached,
).annotations({ identifier: "Progress" });
export type Progress = typeof Progress.Type;

/** Distributes over the union, so that each event keeps its own fields. */
type Body<Event> = Event extends Progress ? Omit<Event, "deployId" | "seq" | "at"> : never;
/** An event before it has its id, number and time. */
export type ProgressBody = Body<Progress>;

/** The events that are stored as they happen; the others are live only. */
export const isStored = (event: ProgressBody): boolean =>
  event.type !== "applying" && event.type !== "waiting" && event.type !== "queued";
