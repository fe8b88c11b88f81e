/**
 * The end of a deploy, recorded once: first what the record and the store need to finish it after
 * a kill, then one compare-and-set on the ledger, then the store's last word. Deploys, and the
 * settling of those that were killed or left, end here and nowhere else. What can't be reached is
 * borne: the row waits as `settling`, and whoever finds it asks the ledger.
 */
import type { DeployResult, Service } from "@nopea/domain";
import type { Cluster } from "@nopea/k8s";
import { Memory } from "@nopea/memory";
import { Deploys, type DeployRow, SecretDigest, Spool, Store } from "@nopea/store";
import { Context, Effect, Layer, Option } from "effect";
import { isClusterFailure, isDenied } from "./internal/failures.js";
import * as LastApplied from "./LastApplied.js";
import * as Ledger from "./Ledger.js";
import * as Ledgers from "./Ledgers.js";
import * as Record from "./Record.js";
import * as Records from "./Records.js";
import { Settings } from "./Settings.js";

type ClusterService = typeof Cluster.Cluster.Service;

/** A deploy that has its outcome, and where it is to be written. */
export interface Ending {
  readonly place: Ledgers.Place;
  /** With outcome, end and result. */
  readonly row: DeployRow.DeployRow;
  readonly result: DeployResult.DeployResult;
  /** None: nothing more may be sent (the Lease is lost). */
  readonly cluster: Option.Option<ClusterService>;
  /** False for a deploy that changed nothing, and where there is no ledger to be had. */
  readonly inLedger: boolean;
  /** The ledger as it was last read or written. */
  readonly ledger: Option.Option<Ledgers.Stored>;
  readonly record: Option.Option<Records.Written>;
  readonly applied: ReadonlyArray<LastApplied.Entry>;
  /** Its set is the current one from now on. */
  readonly becomesCurrent: boolean;
}

export interface Settled {
  /** The outcome that stands: the ledger's, where another had settled the deploy before. */
  readonly row: DeployRow.DeployRow;
  readonly ledger: Option.Option<Ledgers.Stored>;
  /** Why something could not be written down. */
  readonly degraded: ReadonlyArray<{
    readonly what: DeployResult.Degraded;
    readonly message: string;
  }>;
}

export class Outcomes extends Context.Tag("@nopea/deploy/Outcomes")<
  Outcomes,
  {
    /** Never fails and is not to be interrupted: what it can't write now is finished by the next process. */
    readonly settle: (ending: Ending) => Effect.Effect<Settled>;
    /** The row in the store, or in the spool where the store can't be written; the message of what is wrong. */
    readonly keep: (row: DeployRow.DeployRow) => Effect.Effect<Option.Option<string>>;
  }
>() {}

export const make: Effect.Effect<
  typeof Outcomes.Service,
  never,
  Store.Store | Memory.Memory | Deploys.Deploys | Spool.Spool | SecretDigest.SecretDigest
> = Effect.gen(function* () {
  const store = yield* Store.Store;
  const memory = yield* Memory.Memory;
  const deploys = yield* Deploys.Deploys;
  const spool = yield* Spool.Spool;
  const digests = yield* SecretDigest.SecretDigest;

  /** An outcome and what memory learns from it are one transaction. */
  const putRow = (row: DeployRow.DeployRow) =>
    row.state === "ended"
      ? store.transaction(() => Effect.zipLeft(deploys.put(row), memory.learn))
      : deploys.put(row);

  const keep = Effect.fn("Outcomes.keep")(function* (row: DeployRow.DeployRow) {
    const put = yield* Effect.either(putRow(row));
    if (put._tag === "Right") return Option.none<string>();
    const spooled = yield* Effect.either(spool.put(row));
    return Option.some(
      spooled._tag === "Right"
        ? put.left.message
        : `${put.left.message}; the spool can't be written either: ${spooled.left.message}`,
    );
  });

  /** (a): `applied` and `result` into the record; answers the names that exist, and what is wrong. */
  const completeRecord = (cluster: ClusterService, ending: Ending) =>
    Option.match(ending.record, {
      onNone: () =>
        Effect.succeed({ names: [] as ReadonlyArray<string>, failure: Option.none<string>() }),
      onSome: (record) =>
        Records.complete(cluster, ending.place, record, {
          applied: Option.some({
            version: Record.version,
            objects: ending.applied.map(({ object }) => object),
          }),
          result: { version: Record.version, result: ending.result },
        }).pipe(
          Effect.map((names) => ({ names, failure: Option.none<string>() })),
          Effect.catchAll((failure) =>
            Effect.succeed({
              names: Record.partNames(record.name, record.used.filter((bytes) => bytes > 0).length),
              failure: Option.some(failure.message),
            }),
          ),
        ),
    });

  /** (b): the outcome into the ledger, unless it has one of this deploy already. */
  const writeLedger = (cluster: ClusterService, ending: Ending, records: ReadonlyArray<string>) =>
    Ledgers.update(
      cluster,
      ending.place,
      (stored) =>
        Effect.succeed(
          Option.flatMap(
            Option.orElse(stored, () =>
              // A ledger that was deleted meanwhile is begun anew; one that never was needs one.
              Option.some({ ledger: Ledger.empty, resourceVersion: "" }),
            ),
            ({ ledger }) => {
              const next = Ledger.settle(ledger, {
                entry: entryOf(ending.row),
                applied: ending.applied.map(({ ref }) => ref),
                records,
                becomesCurrent: ending.becomesCurrent,
                cluster: ending.row.ref.cluster,
              });
              const isThere =
                Ledger.find(ledger, ending.row.id) !== undefined &&
                ledger.inFlight?.id !== ending.row.id;
              return isThere ? Option.none() : Option.some(next);
            },
          ),
        ),
      ending.ledger,
    );

  /** Records that are old enough, and their names once they are gone. */
  const prune = (cluster: ClusterService, place: Ledgers.Place, stored: Ledgers.Stored) =>
    Effect.gen(function* () {
      const { keepRecords } = yield* Settings;
      const old = Record.toPrune(stored.ledger.records, {
        service: place.service,
        keep: keepRecords,
        current: stored.ledger.current,
        inFlight: stored.ledger.inFlight?.id,
      });
      if (old.length === 0) return Option.some(stored);
      const gone = yield* Records.remove(cluster, place, old);
      return yield* Ledgers.update(
        cluster,
        place,
        (now) =>
          Effect.succeed(Option.map(now, ({ ledger }) => Ledger.withoutRecords(ledger, gone))),
        Option.some(stored),
      );
    });

  const putLastApplied = (ending: Ending) =>
    ending.applied.length === 0
      ? Effect.void
      : LastApplied.digested(
          digests,
          ending.applied.map(({ object }) => object),
        ).pipe(
          Effect.flatMap((objects) => deploys.putLastApplied(ending.row.ref, objects)),
          // The store's own failure is told by `keep`; the cluster's record has it all.
          Effect.ignore,
        );

  const settle = Effect.fn("Outcomes.settle")(function* (ending: Ending) {
    const degraded: Array<Settled["degraded"][number]> = [];
    const degrade = (what: DeployResult.Degraded, message: Option.Option<string>) => {
      if (Option.isSome(message) && !degraded.some((one) => one.what === what)) {
        degraded.push({ what, message: message.value });
      }
    };
    const waiting = keep({ ...ending.row, state: "settling" });
    if (ending.inLedger && Option.isNone(ending.cluster)) {
      degrade("memory", yield* waiting);
      return { row: ending.row, ledger: ending.ledger, degraded };
    }

    let row = ending.row;
    let ledger = ending.ledger;
    if (ending.inLedger && Option.isSome(ending.cluster)) {
      const cluster = ending.cluster.value;
      const [kept, record] = yield* Effect.all([waiting, completeRecord(cluster, ending)], {
        concurrency: "unbounded",
      });
      degrade("memory", kept);
      degrade("ledger", record.failure);
      const written = yield* Effect.either(writeLedger(cluster, ending, record.names));
      if (written._tag === "Left") {
        degrade("ledger", Option.some(written.left.message));
        const isLost = isClusterFailure(written.left) && isDenied(written.left);
        // Without permission the ledger never has it; else whoever finds the row asks again.
        if (!isLost) return { row, ledger, degraded };
      } else {
        ledger = written.right;
        row = Option.match(ledger, {
          onNone: () => row,
          onSome: ({ ledger }) => fromLedger(row, Ledger.find(ledger, row.id)),
        });
      }
    }
    const [kept, , pruned] = yield* Effect.all(
      [
        keep({ ...row, state: "ended" }),
        putLastApplied(ending),
        ending.inLedger && Option.isSome(ending.cluster) && Option.isSome(ledger)
          ? prune(ending.cluster.value, ending.place, ledger.value).pipe(
              // The next deploy tries it again: the names are still in the ledger.
              Effect.orElseSucceed(() => ledger),
            )
          : Effect.succeed(ledger),
      ],
      { concurrency: "unbounded" },
    );
    degrade("memory", kept);
    return { row, ledger: pruned, degraded };
  });

  return Outcomes.of({ settle: (ending) => Effect.uninterruptible(settle(ending)), keep });
});

export const layer: Layer.Layer<
  Outcomes,
  never,
  Store.Store | Memory.Memory | Deploys.Deploys | Spool.Spool | SecretDigest.SecretDigest
> = Layer.effect(Outcomes, make);

/** A row's outcome as the ledger keeps it. */
export const entryOf = (row: DeployRow.DeployRow): Ledger.OutcomeEntry => ({
  id: row.id,
  accepted: row.acceptedAt,
  ended: row.endedAt ?? row.acceptedAt,
  outcome: row.outcome ?? "failed",
  ...(row.restored === undefined ? {} : { restored: row.restored }),
  ...(row.rollbackOf === undefined ? {} : { rollbackOf: row.rollbackOf }),
  strategy: row.strategy,
  ...(row.reason === undefined ? {} : { reason: row.reason }),
  ...(row.change === undefined ? {} : { change: row.change }),
  ...(row.who === undefined ? {} : { who: row.who }),
  ...(row.digest === undefined ? {} : { digest: row.digest }),
});

/** A ledger's outcome as the store keeps it. */
export const rowOf = (
  ref: Service.ServiceRef,
  entry: Ledger.OutcomeEntry,
): DeployRow.DeployRow => ({
  id: entry.id,
  ref,
  state: "ended",
  strategy: entry.strategy,
  acceptedAt: entry.accepted,
  endedAt: entry.ended,
  outcome: entry.outcome,
  ...(entry.reason === undefined ? {} : { reason: entry.reason }),
  ...(entry.restored === undefined ? {} : { restored: entry.restored }),
  ...(entry.rollbackOf === undefined ? {} : { rollbackOf: entry.rollbackOf }),
  unchanged: false,
  ...(entry.change === undefined ? {} : { change: entry.change }),
  ...(entry.who === undefined ? {} : { who: entry.who }),
  ...(entry.digest === undefined ? {} : { digest: entry.digest }),
  origin: "ledger",
});

/** The ledger is right: where it has another outcome than ours, that one is taken and ours dropped. */
export const fromLedger = (
  row: DeployRow.DeployRow,
  entry: Ledger.OutcomeEntry | undefined,
): DeployRow.DeployRow => {
  if (entry === undefined || (entry.outcome === row.outcome && entry.reason === row.reason))
    return row;
  return { ...rowOf(row.ref, entry), origin: row.origin };
};
