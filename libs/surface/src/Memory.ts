/**
 * What is remembered of services: asked of the store, and of the ledgers themselves where there
 * is no store to be had.
 */
import { type DeployContext, DeployId, Service, Timestamp, type Who } from "@nopea/domain";
import type { ClusterError } from "@nopea/k8s";
import type { Choice, Refusal } from "@nopea/deploy";
import type { Deploys, DeployRow, StoreError } from "@nopea/store";
import { Clock, Effect, Option, Schema } from "effect";
import type { Deployment } from "./Deployment.js";
import { NotFound } from "./NotFound.js";
import * as Reading from "./Reading.js";
import { type ClusterService, Session } from "./Session.js";

export interface Place {
  readonly namespace: Service.Namespace;
  readonly service: Service.ServiceName;
}

type Failure = StoreError.StoreUnavailable | ClusterError.ClusterFailure | Refusal.Refused;

/** The service in the cluster that is meant; where that can't be said, the one that was deployed last. */
export const refOf = (
  reading: Reading.Reading,
  place: Place,
): Effect.Effect<Option.Option<Service.ServiceRef>, StoreError.StoreUnavailable, Session> =>
  Option.match(reading.clusterId, {
    onSome: (cluster) => Effect.succeed(Option.some({ cluster, ...place })),
    onNone: () =>
      Effect.flatMap(Session, ({ deploys }) =>
        deploys.services({ namespace: place.namespace }),
      ).pipe(
        Effect.map((found) =>
          Option.fromNullable(
            found
              .filter(({ ref }) => ref.service === place.service)
              .sort((a, b) => (a.newest.id < b.newest.id ? 1 : -1))[0]?.ref,
          ),
        ),
      ),
  });

/** Newest first. */
export const history = (
  reading: Reading.Reading,
  place: Place,
  limit: number,
): Effect.Effect<ReadonlyArray<DeployRow.DeployRow>, Failure, Session> =>
  Effect.gen(function* () {
    const session = yield* Session;
    if (!reading.hasMemory && Option.isSome(reading.connection)) {
      const { recollection } = yield* session.engine;
      return (yield* recollection.history(reading.connection.value, place)).slice(0, limit);
    }
    const ref = yield* refOf(reading, place);
    return Option.isNone(ref) ? [] : yield* session.deploys.history(ref.value, limit);
  });

/** The services of a namespace, by name. */
export const places = (
  reading: Reading.Reading,
  namespace: Service.Namespace,
): Effect.Effect<ReadonlyArray<Place>, StoreError.StoreUnavailable, Session> =>
  Effect.gen(function* () {
    const { deploys } = yield* Session;
    const cluster = Option.getOrUndefined(reading.clusterId);
    const found = yield* deploys.services({
      ...(cluster === undefined ? {} : { cluster }),
      namespace,
    });
    const names = new Set(found.map(({ ref }) => ref.service));
    return [...names].sort().map((service) => ({ namespace, service }));
  });

/** What memory says before a deploy, and the answer's marks with what was found out on the way. */
export interface Said {
  readonly context: DeployContext.DeployContext;
  readonly reading: Reading.Reading;
}

/**
 * What memory says before a deploy, for a service or a cluster that it knows nothing of too: by
 * default of a change like the service's last. What the store has and memory hasn't learnt yet is
 * learnt first; where there is no store to be had, the ledgers are asked.
 */
export const context = (
  reading: Reading.Reading,
  place: Place,
  who: Who.Who,
): Effect.Effect<Said, Failure, Session> =>
  Effect.gen(function* () {
    const { memory, recollection } = yield* (yield* Session).engine;
    const at = yield* Clock.currentTimeMillis;
    const ask = { at, change: "last" as const, bot: who.kind !== "human" };
    const fromStore = Effect.gen(function* () {
      // A store that can only be read is read.
      yield* Effect.ignore(memory.catchUp);
      const known = yield* refOf(reading, place);
      const ref = Option.getOrElse(known, () => ({ ...place, cluster: nowhere }));
      return { context: yield* memory.context(ref, ask), reading };
    });
    const { clusterId, connection } = reading;
    if (Option.isNone(connection) || Option.isNone(clusterId)) return yield* fromStore;
    const ref = { ...place, cluster: clusterId.value };
    return yield* Effect.catchTag(fromStore, "StoreUnavailable", ({ message }) =>
      Effect.gen(function* () {
        const { context, warnings } = yield* recollection.context(connection.value, ref, ask);
        const more = { degraded: ["memory" as const], warnings: [message, ...warnings] };
        return { context, reading: Reading.add(reading, more) };
      }),
    );
  });

/** No cluster goes by it. */
const nowhere = Service.ClusterId.make("nowhere");

/** Whether a deploy would be the first, and whether the set in force has something to roll out in steps. */
export const rolling = (
  reading: Reading.Reading,
  place: Place,
): Effect.Effect<Choice.Rolling, Failure, Session> =>
  Effect.gen(function* () {
    const ref = yield* refOf(reading, place);
    const copy = Option.isNone(ref) ? Option.none() : yield* ledgerCopy(ref.value);
    const { current, inventory } = Option.getOrElse(copy, () => ({
      current: undefined,
      inventory: [],
    }));
    return {
      isFirst: current === undefined,
      canRoll: inventory.some(
        ({ apiVersion, kind, in_set }) =>
          in_set && apiVersion === "apps/v1" && kind === "Deployment",
      ),
    };
  }).pipe(
    Effect.catchTag(
      "StoreUnavailable",
      (failure): Effect.Effect<Choice.Rolling, Failure, Session> =>
        Option.isNone(reading.connection)
          ? Effect.fail(failure)
          : rollingInCluster(reading.connection.value, place),
    ),
  );

const rollingInCluster = (cluster: ClusterService, place: Place) =>
  Effect.gen(function* () {
    const { recollection } = yield* (yield* Session).engine;
    return yield* recollection.rolling(cluster, place);
  });

/** The part of a ledger that is looked into here; the format is libs/deploy's. */
const LedgerCopy = Schema.Struct({
  current: Schema.optional(DeployId.DeployId),
  in_flight: Schema.optional(
    Schema.Struct({
      id: DeployId.DeployId,
      since: Timestamp.Timestamp,
      left: Schema.Boolean,
    }),
  ),
  /** Empty in a ledger so large that it is gzipped. */
  inventory: Schema.optionalWith(
    Schema.Array(
      Schema.Struct({ apiVersion: Schema.String, kind: Schema.String, in_set: Schema.Boolean }),
    ),
    { default: () => [] },
  ),
});
export interface LedgerCopy extends Schema.Schema.Type<typeof LedgerCopy> {
  readonly readAt: Timestamp.Timestamp;
}

/** The ledger as it was last read. */
export const ledgerCopy = (
  ref: Service.ServiceRef,
): Effect.Effect<Option.Option<LedgerCopy>, StoreError.StoreUnavailable, Session> =>
  Effect.gen(function* () {
    const { deploys } = yield* Session;
    return Option.flatMap(
      yield* deploys.ledgerCopy(ref),
      ({ ledger, readAt }: Deploys.LedgerCopy) =>
        Option.map(Schema.decodeUnknownOption(LedgerCopy)(ledger), (copy) => ({ ...copy, readAt })),
    );
  });

/** A deploy that another machine has under way: its ledger alone knows of it. */
export const inFlight = (
  reading: Reading.Reading,
  place: Place,
): Effect.Effect<Option.Option<Deployment>, StoreError.StoreUnavailable, Session> =>
  Effect.gen(function* () {
    if (!reading.hasMemory) return Option.none();
    const ref = yield* refOf(reading, place);
    if (Option.isNone(ref)) return Option.none();
    return Option.flatMapNullable(yield* ledgerCopy(ref.value), ({ in_flight }) =>
      in_flight === undefined
        ? undefined
        : {
            deployId: in_flight.id,
            status: "progressing" as const,
            ...place,
            strategy: "direct" as const,
            unchanged: false,
            timestamp: in_flight.since,
          },
    );
  });

/** Nobody knows the service; where the cluster could not be asked, that is what is wrong. */
export const unknown = (
  { unreachable, cluster }: Reading.Reading,
  { namespace, service }: Place,
): Effect.Effect<never, NotFound | ClusterError.ClusterUnreachable> =>
  Option.match(unreachable, {
    onSome: (failure) => Effect.fail(failure),
    onNone: () =>
      Effect.fail(
        new NotFound({
          message: `nopea knows no service ${service} in ${namespace}`,
          advice:
            cluster === "offline"
              ? "This is what memory has; without --offline the cluster is asked too."
              : `Check the name and the namespace (-n), or list what is known: nopea services.`,
        }),
      ),
  });
