/**
 * Where a service stands: what is deployed, what is being deployed, whether its objects are ready,
 * and how they differ from what was applied. Without a service: all of the namespace.
 */
import {
  DeployId,
  Drift,
  KubeObject,
  Outcome,
  Reason,
  Service,
  Timestamp,
  Wire,
} from "@nopea/domain";
import { Schema } from "effect";
import * as Deployment from "../Deployment.js";
import * as Operation from "../Operation.js";
import * as Reach from "../Reach.js";
import { type Failure, failure } from "./History.js";

export const input = Schema.Struct({
  /** Absent: every service of the namespace. */
  service: Wire.optional(Service.ServiceName),
  namespace: Wire.optional(Service.Namespace),
  offline: Wire.optional(Schema.Boolean),
}).annotations({ identifier: "StatusInput" });
export type Input = typeof input.Type;

/** A deploy that is not settled yet. */
export const InFlight = Schema.Struct({
  deployId: Wire.key(DeployId.DeployId, "deploy_id"),
  status: Outcome.Status,
  since: Timestamp.Timestamp,
  holder: Wire.optional(Schema.String),
  /** True where whoever deployed left it to the next one that looks (`--no-wait`). */
  left: Schema.Boolean,
  /** What it would end as if it were settled now; absent while it goes on. */
  wouldSettleAs: Wire.optionalKey(Outcome.Outcome, "would_settle_as"),
  reason: Wire.optional(Reason.Reason),
  message: Schema.String,
}).annotations({ identifier: "InFlight" });
export type InFlight = typeof InFlight.Type;

export const ObjectState = Schema.Struct({
  object: KubeObject.ObjectRef,
  ready: Schema.Boolean,
  /** `3 of 3 pods ready`, or why it is not. */
  message: Schema.String,
}).annotations({ identifier: "ObjectState" });
export type ObjectState = typeof ObjectState.Type;

export const ServiceStatus = Schema.Struct({
  service: Service.ServiceName,
  namespace: Service.Namespace,
  known: Schema.Boolean,
  /** The deploy whose set is in force: the last that completed. */
  current: Wire.optional(Deployment.Deployment),
  /** The newest deploy that ended, where it is another: it failed, or changed nothing. */
  latest: Wire.optional(Deployment.Deployment),
  inFlight: Wire.optionalKey(InFlight, "in_flight"),
  /** Every object of the current set is ready; false where that can't be seen. */
  ready: Schema.Boolean,
  objects: Schema.Array(ObjectState),
  /** Only what differs. */
  drift: Schema.Array(Drift.Drift),
  ...Reach.fields,
}).annotations({ identifier: "ServiceStatus" });
export type ServiceStatus = typeof ServiceStatus.Type;

export const NamespaceStatus = Schema.Struct({
  namespace: Service.Namespace,
  services: Schema.Array(ServiceStatus),
  ...Reach.fields,
}).annotations({ identifier: "NamespaceStatus" });
export type NamespaceStatus = typeof NamespaceStatus.Type;

export const output = Schema.Union(ServiceStatus, NamespaceStatus);
export type Output = typeof output.Type;

export const operation: Operation.Operation<"status", Input, Output, Failure, "once"> = {
  name: "status",
  summary: "Show what is deployed, whether it is ready, and what has drifted",
  impact: "read",
  scope: "service",
  input,
  output,
  failure,
  answer: "once",
};
