/** Every deploy of a service that the cluster or this machine remembers, newest first. */
import { BadInput, Service, Wire } from "@nopea/domain";
import { Refusal } from "@nopea/deploy";
import { ClusterError } from "@nopea/k8s";
import { StoreError } from "@nopea/store";
import { Effect, Option, Schema } from "effect";
import * as Deployment from "../Deployment.js";
import * as Memory from "../Memory.js";
import { NotFound } from "../NotFound.js";
import type * as Operation from "../Operation.js";
import * as Reach from "../Reach.js";
import * as Reading from "../Reading.js";
import { Session } from "../Session.js";

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
  Refusal.Refused,
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

export const handler: Operation.Handler<typeof operation, Session> = ({ limit, ...asked }) =>
  Effect.gen(function* () {
    const session = yield* Session;
    const { service } = asked;
    const namespace = yield* session.namespace(asked.namespace);
    const reading = yield* Reading.begin({ ...asked, namespace });
    const place = { namespace, service };
    const rows = yield* Memory.history(reading, place, limit ?? defaultLimit);
    const known = new Set(rows.map(({ id }) => id));
    const inFlight = Option.filter(
      yield* Memory.inFlight(reading, place),
      ({ deployId }) => !known.has(deployId),
    );
    const deployments = [...Option.toArray(inFlight), ...rows.map(Deployment.fromRow)];
    if (deployments.length === 0) return yield* Memory.unknown(reading, place);
    return { ...place, deployments, ...Reading.marks(reading) };
  });
