/**
 * One deploy as history shows it: a deploy result of which some parts may be gone. What the
 * cluster's ledger keeps of a deploy outlives its record, so only that much is certain.
 */
import {
  DeployId,
  DeployResult,
  Advice,
  Outcome,
  Plan,
  Reason,
  Service,
  Strategy,
  Timestamp,
  Who,
  Wire,
  WireError,
} from "@nopea/domain";
import type { DeployRow } from "@nopea/store";
import { Schema } from "effect";

export const Deployment = Schema.Struct({
  deployId: Wire.key(DeployId.DeployId, "deploy_id"),
  status: Outcome.Status,
  service: Service.ServiceName,
  namespace: Service.Namespace,
  strategy: Strategy.Strategy,
  /** From accepted to ended, in milliseconds; absent while it runs. */
  durationMs: Wire.optionalKey(Schema.NonNegativeInt, "duration_ms"),
  unchanged: Schema.Boolean,
  verified: Wire.optional(Schema.Boolean),
  manifestCount: Wire.optionalKey(Schema.NonNegativeInt, "manifest_count"),
  appliedResources: Wire.optionalKey(
    Schema.Array(DeployResult.AppliedResource),
    "applied_resources",
  ),
  reason: Wire.optional(Reason.Reason),
  /** With evidence where the deploy's record is kept, here or in the cluster. */
  error: Wire.optional(WireError.WireError),
  rollbackOf: Wire.optionalKey(DeployId.DeployId, "rollback_of"),
  restored: Wire.optional(Schema.Boolean),
  change: Wire.optional(Plan.Change),
  who: Wire.optional(Who.Who),
  timestamp: Timestamp.Timestamp,
  ended: Wire.optional(Timestamp.Timestamp),
}).annotations({ identifier: "Deployment" });
export type Deployment = typeof Deployment.Type;

const present = <Fields extends object>(fields: Fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    readonly [Key in keyof Fields]?: Exclude<Fields[Key], undefined>;
  };

/** What the reason alone says, where the evidence is gone. */
const errorOf = (reason: Reason.Reason): WireError.WireError =>
  WireError.failed({
    reason,
    message: `the deploy failed: ${Reason.ruleOf(reason).meaning}`,
    advice: Advice.adviceFor(reason),
  });

export const fromRow = (row: DeployRow.DeployRow): Deployment => {
  const { result } = row;
  return {
    deployId: row.id,
    status: row.outcome ?? "progressing",
    service: row.ref.service,
    namespace: row.ref.namespace,
    strategy: row.strategy,
    unchanged: row.unchanged,
    timestamp: row.acceptedAt,
    ...present({
      durationMs:
        row.endedAt === undefined
          ? undefined
          : Math.max(0, Timestamp.toMillis(row.endedAt) - Timestamp.toMillis(row.acceptedAt)),
      verified: result?.verified,
      manifestCount: result?.manifestCount,
      appliedResources: result?.appliedResources,
      reason: row.reason,
      error: result?.error ?? (row.reason === undefined ? undefined : errorOf(row.reason)),
      rollbackOf: row.rollbackOf,
      restored: row.restored,
      change: row.change,
      who: row.who,
      ended: row.endedAt,
    }),
  };
};
