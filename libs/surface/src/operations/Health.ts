/** Whether nopea can work here: the cluster, what this account may do in it, and the store. */
import { Service, Wire } from "@nopea/domain";
import { BadInput } from "@nopea/domain";
import { Schema } from "effect";
import * as Operation from "../Operation.js";
import * as Reach from "../Reach.js";

export const input = Schema.Struct({
  namespace: Wire.optional(Service.Namespace),
  offline: Wire.optional(Schema.Boolean),
}).annotations({ identifier: "HealthInput" });
export type Input = typeof input.Type;

export const ClusterHealth = Schema.Struct({
  reachable: Schema.Boolean,
  server: Wire.optional(Schema.String),
  context: Wire.optional(Schema.String),
  /** Verbs on resources that this account lacks in the namespace: `patch deployments.apps`. */
  lacking: Schema.Array(Schema.String),
  /** Why it can't be reached. */
  message: Wire.optional(Schema.String),
}).annotations({ identifier: "ClusterHealth" });

export const StoreHealth = Schema.Struct({
  available: Schema.Boolean,
  path: Schema.String,
  message: Wire.optional(Schema.String),
}).annotations({ identifier: "StoreHealth" });

export const output = Schema.Struct({
  status: Schema.Literal("ok", "degraded"),
  version: Schema.String,
  namespace: Service.Namespace,
  cluster: ClusterHealth,
  store: StoreHealth,
  degraded: Reach.fields.degraded,
  warnings: Reach.fields.warnings,
}).annotations({ identifier: "HealthResult" });
export type Output = typeof output.Type;

export const operation: Operation.Operation<"health", Input, Output, BadInput, "once"> = {
  name: "health",
  summary: "Say whether nopea can reach the cluster and its memory, and what it may do there",
  impact: "read",
  scope: "instance",
  input,
  output,
  failure: BadInput,
  answer: "once",
};
