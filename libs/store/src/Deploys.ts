/**
 * The deploys table: queue, states, outcomes, the stored progress and the last-applied of each
 * service. Every method is one short transaction that begins with a write, so that many
 * processes may share the file. Secret values never come here but as an HMAC.
 */
import type { DeployId, Progress, Service, Timestamp } from "@nopea/domain";
import { Context, type Effect, type Option } from "effect";
import type { DeployRow } from "./DeployRow.js";
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

export class Deploys extends Context.Tag("@nopea/store/Deploys")<
  Deploys,
  {
    /** Inserts at the end of the service's queue unless `limit` are waiting already; answers how many were before it. */
    readonly accept: (
      row: DeployRow,
      limit: number,
      owner: string,
    ) => Effect.Effect<{ readonly accepted: boolean; readonly waiting: number }, StoreUnavailable>;
    /** True once this row is the oldest of its service that is accepted or running. */
    readonly isNext: (id: DeployId.DeployId) => Effect.Effect<boolean, StoreUnavailable>;
    /** Writes the row as given; an `ended` row is never changed again (answers false). */
    readonly put: (row: DeployRow) => Effect.Effect<boolean, StoreUnavailable>;
    readonly find: (
      id: DeployId.DeployId,
    ) => Effect.Effect<Option.Option<DeployRow>, StoreUnavailable>;
    /** Newest first. `refused` rows are left out. */
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
    /** Takes rows that the cluster knows and the store lacks (by id); answers how many were new. One transaction. */
    readonly takeIn: (
      rows: ReadonlyArray<DeployRow>,
      copy: Option.Option<LedgerCopy>,
    ) => Effect.Effect<number, StoreUnavailable>;
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
  }
>() {}
