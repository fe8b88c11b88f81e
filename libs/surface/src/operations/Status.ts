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
import type { Inspection } from "@nopea/deploy";
import { Effect, Option, Schema } from "effect";
import * as Deployment from "../Deployment.js";
import * as Memory from "../Memory.js";
import type * as Operation from "../Operation.js";
import * as Reach from "../Reach.js";
import * as Reading from "../Reading.js";
import { Session } from "../Session.js";
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

export const operation: Operation.Operation<"status", Input, Output, Failure, "watched"> = {
  name: "status",
  summary: "Show what is deployed, whether it is ready, and what has drifted",
  impact: "read",
  scope: "service",
  input,
  output,
  failure,
  answer: "watched",
};

/** `Deployment` fields of a status, where there is such a deploy. */
const deploysOf = ({ current, latest }: Pick<Inspection.Inspection, "current" | "latest">) => ({
  ...Option.match(current, {
    onNone: () => ({}),
    onSome: (row) => ({ current: Deployment.fromRow(row) }),
  }),
  ...Option.match(latest, {
    onNone: () => ({}),
    onSome: (row) => ({ latest: Deployment.fromRow(row) }),
  }),
});

const inFlightOf = ({
  inFlight,
  followed,
  judgement,
}: Option.Option.Value<Inspection.Inspection["inFlight"]>): InFlight => {
  const facts = {
    deployId: inFlight.id,
    status: "progressing" as const,
    since: inFlight.since,
    holder: inFlight.holder,
    left: inFlight.left,
  };
  if (followed || judgement === undefined) return { ...facts, message: "it is being carried out" };
  switch (judgement.type) {
    case "moving":
      return { ...facts, message: judgement.message };
    case "completed":
      return {
        ...facts,
        wouldSettleAs: "completed",
        message: "all of it is ready: the next deploy settles it as completed",
      };
    case "failed":
      return {
        ...facts,
        wouldSettleAs: "failed",
        reason: judgement.finding.reason,
        message: `the next deploy settles it as failed: ${judgement.finding.message}`,
      };
  }
};

const fromCluster = (
  reading: Reading.Reading,
  place: Memory.Place,
  inspection: Inspection.Inspection,
): ServiceStatus => ({
  ...place,
  known: inspection.known,
  ...deploysOf(inspection),
  ...Option.match(inspection.inFlight, {
    onNone: () => ({}),
    onSome: (view) => ({ inFlight: inFlightOf(view) }),
  }),
  ready: inspection.ready,
  objects: inspection.objects,
  drift: inspection.drift.filter(({ state }) => state !== "no_drift"),
  ...Reading.marks(Reading.add(reading, inspection)),
});

/** What memory has; of the live objects it can't say anything. */
const fromMemory = (reading: Reading.Reading, place: Memory.Place) =>
  Effect.gen(function* () {
    const { deploys } = yield* Session;
    const rows = yield* Memory.history(reading, place, 1);
    const [newest] = rows;
    if (newest === undefined) return Option.none<ServiceStatus>();
    const copy = Option.getOrUndefined(yield* Memory.ledgerCopy(newest.ref));
    const current =
      copy?.current === undefined
        ? Option.filter(Option.some(newest), ({ outcome }) => outcome === "completed")
        : yield* deploys.find(copy.current);
    const isCurrent = Option.exists(current, ({ id }) => id === newest.id);
    const status: ServiceStatus = {
      ...place,
      known: true,
      ...deploysOf({
        current,
        latest: isCurrent || newest.outcome === undefined ? Option.none() : Option.some(newest),
      }),
      ...(copy?.in_flight === undefined
        ? {}
        : {
            inFlight: {
              deployId: copy.in_flight.id,
              status: "progressing" as const,
              since: copy.in_flight.since,
              left: copy.in_flight.left,
              message: `it was under way when the cluster was last asked, at ${copy.readAt}`,
            },
          }),
      ready: false,
      objects: [],
      drift: [],
      ...Reading.marks(reading),
    };
    return Option.some(status);
  });

const ofService = (
  reading: Reading.Reading,
  place: Memory.Place,
): Effect.Effect<Option.Option<ServiceStatus>, Failure, Session> =>
  Effect.gen(function* () {
    if (Option.isNone(reading.connection)) return yield* fromMemory(reading, place);
    const { inspector } = yield* (yield* Session).engine;
    const inspection = yield* inspector.inspect(reading.connection.value, place);
    if (inspection.known) return Option.some(fromCluster(reading, place, inspection));
    // The ledger is gone: nothing is in force, but what happened is remembered.
    const rows = yield* Memory.history(reading, place, 1);
    return rows.length === 0
      ? Option.none()
      : Option.some({ ...fromCluster(reading, place, inspection), known: true });
  });

/** The cluster may go away between its ledgers and its objects: then memory answers. */
const orFromMemory = <A>(
  look: (reading: Reading.Reading) => Effect.Effect<A, Failure, Session>,
  reading: Reading.Reading,
): Effect.Effect<A, Failure, Session> =>
  look(reading).pipe(
    Effect.catchTag("ClusterUnreachable", (failure) =>
      Option.isNone(reading.connection)
        ? Effect.fail(failure)
        : Effect.flatMap(Reading.fromMemory(Option.some(failure)), look),
    ),
  );

export const handler: Operation.Handler<typeof operation, Session> = ({ service, ...asked }) =>
  Effect.gen(function* () {
    const session = yield* Session;
    const namespace = yield* session.namespace(asked.namespace);
    const begun = yield* Reading.begin({ ...asked, namespace, service });
    if (service !== undefined) {
      const place = { namespace, service };
      return yield* orFromMemory(
        (reading) =>
          Effect.flatMap(ofService(reading, place), (found) =>
            Option.isSome(found) ? Effect.succeed(found.value) : Memory.unknown(reading, place),
          ),
        begun,
      );
    }
    return yield* orFromMemory(
      (reading) =>
        Effect.gen(function* () {
          const places = yield* Memory.places(reading, namespace);
          const services = yield* Effect.forEach(places, (place) => ofService(reading, place), {
            concurrency: 4,
          });
          return {
            namespace,
            services: services.flatMap(Option.toArray),
            ...Reading.marks(reading),
          };
        }),
      begun,
    );
  });
