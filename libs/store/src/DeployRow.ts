/** One deploy as the store keeps it: the queue's row, the state it is in, and what came of it. */
import {
  DeployId,
  DeployResult,
  Outcome,
  Plan,
  Reason,
  Service,
  Strategy,
  Timestamp,
  Who,
  Wire,
} from "@nopea/domain";
import { Schema } from "effect";

/**
 * `accepted` waits for its turn; `running` has written itself down in the cluster; `settling`
 * has its result but not yet the ledger's word; `ended` has its outcome; `refused` died before
 * it began.
 */
export const DeployState = Schema.Literal("accepted", "running", "settling", "ended", "refused");
export type DeployState = typeof DeployState.Type;

export const DeployRow = Schema.Struct({
  id: DeployId.DeployId,
  ref: Service.ServiceRef,
  state: DeployState,
  strategy: Strategy.Strategy,
  acceptedAt: Timestamp.Timestamp,
  endedAt: Wire.optional(Timestamp.Timestamp),
  outcome: Wire.optional(Outcome.Outcome),
  reason: Wire.optional(Reason.Reason),
  restored: Wire.optional(Schema.Boolean),
  rollbackOf: Wire.optional(DeployId.DeployId),
  /** A deploy that changed nothing and completed: kept here alone, never in the ledger. */
  unchanged: Schema.Boolean,
  change: Wire.optional(Plan.Change),
  who: Wire.optional(Who.Who),
  digest: Wire.optional(Schema.String),
  /** The whole result, redacted; absent where the row came from a ledger whose record is gone. */
  result: Wire.optional(DeployResult.DeployResult),
  /** `local`: this store's own; `ledger`: taken in from a cluster. */
  origin: Schema.Literal("local", "ledger"),
});
export type DeployRow = typeof DeployRow.Type;
