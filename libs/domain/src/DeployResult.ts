/** What one deploy did: the same document from the library, the CLI, HTTP and MCP. */
import { Schema } from "effect";
import { key, optional, optionalKey } from "./Wire.js";
import { DeployId } from "./DeployId.js";
import { ObjectRef } from "./KubeObject.js";
import { Status } from "./Outcome.js";
import { Change, PlanAction } from "./Plan.js";
import { Reason } from "./Reason.js";
import { Risk } from "./Risk.js";
import { ClusterId, Namespace, ServiceName } from "./Service.js";
import { Choice, Strategy } from "./Strategy.js";
import { Timestamp } from "./Timestamp.js";
import { Who } from "./Who.js";
import { WireError } from "./WireError.js";

export const AppliedResource = Schema.Struct({
  ...ObjectRef.fields,
  action: PlanAction,
}).annotations({ identifier: "AppliedResource" });
export type AppliedResource = typeof AppliedResource.Type;

/** One object whose live state is not what the apply answered. */
export const Difference = Schema.Struct({
  object: ObjectRef,
  fields: Schema.Array(Schema.String),
}).annotations({ identifier: "Difference" });
export type Difference = typeof Difference.Type;

/** What works less than it should: `memory` = the store or the ledger. */
export const Degraded = Schema.Literal(
  "memory",
  "ledger",
  "lock",
  "watch",
  "pods",
  "events",
  "logs",
);
export type Degraded = typeof Degraded.Type;

export const DeployResult = Schema.Struct({
  deployId: key(DeployId, "deploy_id"),
  status: Status,
  service: ServiceName,
  namespace: Namespace,
  cluster: optional(ClusterId),
  strategy: Strategy,
  choice: optional(Choice),
  /** What memory said before the deploy. */
  risk: optional(Risk),
  /** True where a freeze window was open, and `who` deployed all the same. */
  overrideFreeze: optionalKey(Schema.Boolean, "override_freeze"),
  /** From accepted to ended, in milliseconds. */
  durationMs: key(Schema.NonNegativeInt, "duration_ms"),
  manifestCount: key(Schema.NonNegativeInt, "manifest_count"),
  /** The live objects equal what was applied. */
  verified: Schema.Boolean,
  /** What is not verified. */
  differences: Schema.Array(Difference),
  appliedResources: key(Schema.Array(AppliedResource), "applied_resources"),
  /** Objects of the set that were not applied: only where it ended before all were. */
  notApplied: optionalKey(Schema.Array(ObjectRef), "not_applied"),
  /** True where the plan found nothing to do. */
  unchanged: Schema.Boolean,
  reason: optional(Reason),
  error: optional(WireError),
  rollbackOf: optionalKey(DeployId, "rollback_of"),
  restored: optional(Schema.Boolean),
  change: optional(Change),
  who: optional(Who),
  /** `ConfigMap/name` that changed though nothing that reads it rolled. */
  configNotReloaded: optionalKey(Schema.Array(Schema.String), "config_not_reloaded"),
  warnings: Schema.Array(Schema.String),
  degraded: Schema.Array(Degraded),
  /** When it was accepted. */
  timestamp: Timestamp,
  ended: optional(Timestamp),
}).annotations({ identifier: "DeployResult" });
export type DeployResult = typeof DeployResult.Type;
