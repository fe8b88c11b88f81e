/** Every deploy of a service that the cluster or this machine remembers, newest first. */
import { BadInput, Service, Wire } from "@nopea/domain";
import { StoreError } from "@nopea/store";
import { ClusterError } from "@nopea/k8s";
import { Schema } from "effect";
import * as Deployment from "../Deployment.js";
import { NotFound } from "../NotFound.js";
import * as Operation from "../Operation.js";
import * as Reach from "../Reach.js";

/** As many as a ledger keeps. */
export const defaultLimit = 200;

export const input = Schema.Struct({
  service: Service.ServiceName,
  namespace: Wire.optional(Service.Namespace),
  /** The newest so many; 200 unless told. */
  limit: Wire.optional(Schema.Positive.pipe(Schema.int())),
  /** Answer from the store alone, without asking the cluster. */
  offline: Wire.optional(Schema.Boolean),
}).annotations({ identifier: "HistoryInput" });
export type Input = typeof input.Type;

export const output = Schema.Struct({
  service: Service.ServiceName,
  namespace: Service.Namespace,
  deployments: Schema.Array(Deployment.Deployment),
  ...Reach.fields,
}).annotations({ identifier: "HistoryResult" });
export type Output = typeof output.Type;

/** How every operation that only reads can fail. */
export const failure = Schema.Union(
  BadInput,
  NotFound,
  StoreError.StoreUnavailable,
  ClusterError.ClusterUnreachable,
  ClusterError.ApiFailure,
);
export type Failure = typeof failure.Type;

export const operation: Operation.Operation<"history", Input, Output, Failure, "once"> = {
  name: "history",
  summary: "List the deploys of a service, newest first",
  impact: "read",
  scope: "service",
  input,
  output,
  failure,
  answer: "once",
};
