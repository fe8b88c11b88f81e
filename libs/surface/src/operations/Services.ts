/** Every service that is remembered, with its newest deploy. */
import { DeployId, Outcome, Reason, Service, Timestamp, Wire } from "@nopea/domain";
import type { DeployRow } from "@nopea/store";
import { Effect, Option, Schema } from "effect";
import type * as Operation from "../Operation.js";
import * as Reach from "../Reach.js";
import * as Reading from "../Reading.js";
import { Session } from "../Session.js";
import { type Failure, failure } from "./History.js";

export const input = Schema.Struct({
  /** Absent: every namespace that is known of. */
  namespace: Wire.optional(Service.Namespace),
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
type Summary = typeof Summary.Type;

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

const summaryOf = (newest: DeployRow.DeployRow, deploys: number): Summary => ({
  service: newest.ref.service,
  namespace: newest.ref.namespace,
  cluster: newest.ref.cluster,
  deploys,
  status: newest.outcome ?? "progressing",
  ...(newest.reason === undefined ? {} : { reason: newest.reason }),
  deployId: newest.id,
  timestamp: newest.acceptedAt,
});

/** All ledgers where this account may list them, else those of the namespace it works in. */
const begin = (asked: Input, namespace: Service.Namespace | undefined) =>
  Effect.gen(function* () {
    const reading = yield* Reading.begin({ ...asked, namespace });
    if (namespace !== undefined || reading.degraded.length === 0) return reading;
    const session = yield* Session;
    return yield* Reading.begin({ ...asked, namespace: yield* session.namespace(undefined) });
  });

export const handler: Operation.Handler<typeof operation, Session> = (asked) =>
  Effect.gen(function* () {
    const session = yield* Session;
    const namespace = asked.namespace ?? session.settings.namespace;
    const reading = yield* begin(asked, namespace);
    const cluster = Option.getOrUndefined(reading.clusterId);
    const found =
      reading.hasMemory || Option.isNone(reading.connection)
        ? yield* session.deploys.services({
            ...(cluster === undefined ? {} : { cluster }),
            ...(namespace === undefined ? {} : { namespace }),
          })
        : yield* (yield* session.engine).recollection.services(reading.connection.value, namespace);
    const services = found
      .map(({ newest, deploys }) => summaryOf(newest, deploys))
      .sort((a, b) => (`${a.namespace}/${a.service}` < `${b.namespace}/${b.service}` ? -1 : 1));
    return {
      ...(namespace === undefined ? {} : { namespace }),
      services,
      ...Reading.marks(reading),
    };
  });
