/** Every service that is remembered, with its newest deploy. */
import { DeployId, Outcome, Reason, Service, Timestamp, Wire } from "@nopea/domain";
import { Schema } from "effect";
import * as Operation from "../Operation.js";
import * as Reach from "../Reach.js";
import { type Failure, failure } from "./History.js";

export const input = Schema.Struct({
  namespace: Wire.optional(Service.Namespace),
  /** Every namespace that is known of, instead of one. */
  allNamespaces: Wire.optionalKey(Schema.Boolean, "all_namespaces"),
  offline: Wire.optional(Schema.Boolean),
}).annotations({ identifier: "ServicesInput" });
export type Input = typeof input.Type;

export const Summary = Schema.Struct({
  service: Service.ServiceName,
  namespace: Service.Namespace,
  cluster: Service.ClusterId,
  /** How many deploys are remembered. */
  deploys: Schema.NonNegativeInt,
  /** Of the newest deploy, as are all below. */
  status: Outcome.Status,
  reason: Wire.optional(Reason.Reason),
  deployId: Wire.key(DeployId.DeployId, "deploy_id"),
  timestamp: Timestamp.Timestamp,
}).annotations({ identifier: "ServiceSummary" });

export const output = Schema.Struct({
  /** The namespace looked at; absent: all that are known of. */
  namespace: Wire.optional(Service.Namespace),
  services: Schema.Array(Summary),
  ...Reach.fields,
}).annotations({ identifier: "ServicesResult" });
export type Output = typeof output.Type;

export const operation: Operation.Operation<"services", Input, Output, Failure, "once"> = {
  name: "services",
  summary: "List the services that nopea knows",
  impact: "read",
  scope: "namespace",
  input,
  output,
  failure,
  answer: "once",
};
