/**
 * The deploys table: queue, states, outcomes, the stored progress and the last-applied of each
 * service. Every method that changes something is one short transaction that begins with a
 * write, so that many processes may share the file. Secret values never come here but as an HMAC.
 * A row that can't be read (a hand's edit, a bug of another version) is left out of lists, with
 * a line in the log that names it.
 */
import type { DeployId, Progress, Service, Timestamp } from "@nopea/domain";
import { Context, Effect, Layer, Option } from "effect";
import type { DeployRow } from "./DeployRow.js";
import * as Clusters from "./internal/clusters.js";
import * as Ledgers from "./internal/ledgers.js";
import * as Queue from "./internal/queue.js";
import * as Rows from "./internal/rows.js";
import * as Services from "./internal/services.js";
import { Store } from "./Store.js";
import type { StoreUnavailable } from "./StoreError.js";

export interface ServiceSummary {
  readonly ref: Service.ServiceRef;
  readonly deploys: number;
  readonly newest: DeployRow;
}

/** What a ledger says of a service, as it was last read: for `--offline`. */
export interface LedgerCopy {
  readonly ref: Service.ServiceRef;
  readonly resourceVersion: string;
  readonly ledger: unknown;
  readonly readAt: Timestamp.Timestamp;
}

/** One object as it was last applied. */
export interface LastApplied {
  /** apiVersion, kind, namespace and name in one string, as the caller forms it. */
  readonly key: string;
  readonly object: unknown;
}

export class Deploys extends Context.Tag("@nopea/store/Deploys")<
  Deploys,
  {
    /**
     * Inserts at the end of the service's queue unless `limit` are waiting already; answers how
     * many were before it. The first in the queue has its turn: it doesn't wait. Rows taken in
     * from a ledger are no part of the queue; for them there is the Lease.
     */
    readonly accept: (
      row: DeployRow,
      limit: number,
      owner: string,
    ) => Effect.Effect<{ readonly accepted: boolean; readonly waiting: number }, StoreUnavailable>;
    /** True once this row is the oldest of its service that is accepted or running. */
    readonly isNext: (id: DeployId.DeployId) => Effect.Effect<boolean, StoreUnavailable>;
    /**
     * Writes the row as given; an `ended` row is never changed again (answers false). The
     * service of a row that is there stays what it is: `nameCluster` alone renames.
     */
    readonly put: (row: DeployRow) => Effect.Effect<boolean, StoreUnavailable>;
    readonly find: (
      id: DeployId.DeployId,
    ) => Effect.Effect<Option.Option<DeployRow>, StoreUnavailable>;
    /** Newest first (ids sort by the time of acceptance). `refused` rows are left out. */
    readonly history: (
      ref: Service.ServiceRef,
      limit: number,
    ) => Effect.Effect<ReadonlyArray<DeployRow>, StoreUnavailable>;
    /** Rows in `accepted`, `running` or `settling`, oldest first, with the process that owns each. */
    readonly open: (
      ref: Service.ServiceRef,
    ) => Effect.Effect<
      ReadonlyArray<{ readonly row: DeployRow; readonly owner: string }>,
      StoreUnavailable
    >;
    readonly services: (filter: {
      readonly cluster?: Service.ClusterId;
      readonly namespace?: Service.Namespace;
    }) => Effect.Effect<ReadonlyArray<ServiceSummary>, StoreUnavailable>;
    /**
     * Takes rows that the cluster knows and the store lacks (by id); answers how many were new.
     * A row that is open here takes the ledger's outcome; one that has ended keeps its own, and
     * only what it lacks is filled in. One transaction.
     */
    readonly takeIn: (
      rows: ReadonlyArray<DeployRow>,
      copy: Option.Option<LedgerCopy>,
    ) => Effect.Effect<number, StoreUnavailable>;
    /**
     * The same of many services, as one transaction; answers the rows that were new. With `learned`
     * they count as learnt: the caller learns them in a transaction that this is a part of.
     */
    readonly takeInLedgers: (
      ledgers: ReadonlyArray<{
        readonly rows: ReadonlyArray<DeployRow>;
        readonly copy: LedgerCopy;
      }>,
      learned: boolean,
    ) => Effect.Effect<ReadonlyArray<DeployRow>, StoreUnavailable>;
    readonly ledgerCopy: (
      ref: Service.ServiceRef,
    ) => Effect.Effect<Option.Option<LedgerCopy>, StoreUnavailable>;
    /** The resourceVersion of every ledger copied from a namespace, by service. */
    readonly ledgerVersions: (
      cluster: Service.ClusterId,
      namespace: Service.Namespace,
    ) => Effect.Effect<ReadonlyMap<string, string>, StoreUnavailable>;
    readonly addProgress: (event: Progress.Progress) => Effect.Effect<void, StoreUnavailable>;
    readonly progress: (
      id: DeployId.DeployId,
    ) => Effect.Effect<ReadonlyArray<Progress.Progress>, StoreUnavailable>;
    /** Remembers which id a cluster goes by, for offline use; and renames what was kept under a fallback id. */
    readonly nameCluster: (names: {
      readonly server: string;
      readonly fallbackId: string;
      readonly id: Service.ClusterId;
      readonly contextName: string;
    }) => Effect.Effect<void, StoreUnavailable>;
    readonly clusterByFallback: (
      server: string,
      fallbackId: string,
    ) => Effect.Effect<
      Option.Option<{ readonly id: Service.ClusterId; readonly contextName: string }>,
      StoreUnavailable
    >;
    /** The objects as they were last applied, Secret values as digests; replaces the earlier ones. */
    readonly putLastApplied: (
      ref: Service.ServiceRef,
      objects: ReadonlyArray<LastApplied>,
    ) => Effect.Effect<void, StoreUnavailable>;
    /** Empty where nothing was ever put. */
    readonly lastApplied: (
      ref: Service.ServiceRef,
    ) => Effect.Effect<ReadonlyArray<LastApplied>, StoreUnavailable>;
  }
>() {}

export const make = Effect.map(Store, (store) =>
  Deploys.of({
    accept: Effect.fn("Deploys.accept")((row, limit, owner) =>
      store.transaction((sql) => Queue.accept(sql, row, limit, owner)),
    ),
    isNext: Effect.fn("Deploys.isNext")((id) => store.read((sql) => Queue.isNext(sql, id))),
    open: Effect.fn("Deploys.open")((ref) => store.read((sql) => Queue.open(sql, ref))),
    put: Effect.fn("Deploys.put")((row) => store.transaction((sql) => Rows.put(sql, row))),
    find: Effect.fn("Deploys.find")((id) => store.read((sql) => Rows.find(sql, id))),
    history: Effect.fn("Deploys.history")((ref, limit) =>
      store.read((sql) => Rows.history(sql, ref, limit)),
    ),
    services: Effect.fn("Deploys.services")((filter) =>
      store.read((sql) => Services.list(sql, filter)),
    ),
    takeIn: Effect.fn("Deploys.takeIn")((rows, copy) =>
      store.transaction((sql) =>
        Effect.zipRight(
          Ledgers.keep(sql, Option.toArray(copy)),
          Effect.map(Rows.takeIn(sql, rows, false), (added) => added.length),
        ),
      ),
    ),
    takeInLedgers: Effect.fn("Deploys.takeInLedgers")((ledgers, learned) =>
      store.transaction((sql) =>
        Effect.gen(function* () {
          yield* Ledgers.keep(
            sql,
            ledgers.map(({ copy }) => copy),
          );
          return yield* Rows.takeIn(
            sql,
            ledgers.flatMap(({ rows }) => rows),
            learned,
          );
        }),
      ),
    ),
    ledgerCopy: Effect.fn("Deploys.ledgerCopy")((ref) =>
      store.read((sql) => Ledgers.find(sql, ref)),
    ),
    ledgerVersions: Effect.fn("Deploys.ledgerVersions")((cluster, namespace) =>
      store.read((sql) => Ledgers.versions(sql, cluster, namespace)),
    ),
    addProgress: Effect.fn("Deploys.addProgress")((event) =>
      store.transaction((sql) => Rows.addProgress(sql, event)),
    ),
    progress: Effect.fn("Deploys.progress")((id) => store.read((sql) => Rows.progress(sql, id))),
    nameCluster: Effect.fn("Deploys.nameCluster")((names) =>
      // It is asked at every command that reaches a cluster, and almost never has anything to do.
      Effect.flatMap(
        store.read((sql) => Clusters.isNamed(sql, names)),
        (done) => (done ? Effect.void : store.transaction((sql) => Clusters.name(sql, names))),
      ),
    ),
    clusterByFallback: Effect.fn("Deploys.clusterByFallback")((server, fallbackId) =>
      store.read((sql) => Clusters.find(sql, server, fallbackId)),
    ),
    putLastApplied: Effect.fn("Deploys.putLastApplied")((ref, objects) =>
      Effect.flatMap(Ledgers.pack(objects), (packed) =>
        store.transaction((sql) => Ledgers.putLastApplied(sql, ref, packed)),
      ),
    ),
    lastApplied: Effect.fn("Deploys.lastApplied")((ref) =>
      store.read((sql) => Ledgers.lastApplied(sql, ref)),
    ),
  }),
);

export const layer: Layer.Layer<Deploys, never, Store> = Layer.effect(Deploys, make);
