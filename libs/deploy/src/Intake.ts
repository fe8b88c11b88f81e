/**
 * Taking in what a cluster's ledgers have and this store lacks, so that a machine with an empty
 * disk knows as much as the last one did. Reads the cluster and writes the store, never the other
 * way round; taking the same in twice is once.
 */
import { type DeployResult, Service, Timestamp } from "@nopea/domain";
import type { Cluster, ClusterError } from "@nopea/k8s";
import { Memory } from "@nopea/memory";
import { Deploys, type DeployRow, Spool, Store, type StoreError } from "@nopea/store";
import { Clock, Context, Effect, Layer, Option, Schema } from "effect";
import * as ClusterIdentity from "./ClusterIdentity.js";
import { isDenied } from "./internal/failures.js";
import * as Ledger from "./Ledger.js";
import * as Ledgers from "./Ledgers.js";
import { rowOf } from "./Outcomes.js";
import * as Record from "./Record.js";
import * as Records from "./Records.js";

type ClusterService = typeof Cluster.Cluster.Service;

/** Which ledgers: of one service, a namespace, or (without both) every namespace. */
export interface Scope {
  readonly namespace?: Service.Namespace | undefined;
  /** Its evidence is taken in too, as far as records of it are kept. */
  readonly service?: Service.ServiceName | undefined;
}

export interface Report {
  readonly cluster: Service.ClusterId;
  /** Rows that were new to the store. */
  readonly taken: number;
  readonly degraded: ReadonlyArray<DeployResult.Degraded>;
  readonly warnings: ReadonlyArray<string>;
}

export class Intake extends Context.Tag("@nopea/deploy/Intake")<
  Intake,
  {
    readonly takeIn: (
      cluster: ClusterService,
      scope: Scope,
    ) => Effect.Effect<Report, ClusterError.ClusterFailure | StoreError.StoreUnavailable>;
  }
>() {}

const encodeLedger = Schema.encodeSync(Ledger.Ledger);

/** Ledgers read at once, and those taken in together. */
const concurrency = 8;
const ledgersAtOnce = 50;

/** A ledger, and whose it is. */
export interface Found {
  readonly ref: Service.ServiceRef;
  readonly stored: Ledgers.Stored;
}

/**
 * What ledgers have, into the store, in one transaction: their outcomes, a copy of each, and from
 * where on to learn. Answers how many outcomes were new. They are learnt in it too where these are
 * `all` there are to learn from; else by `catchUp`, once all ledgers are in.
 */
export const takeInLedgers = (
  {
    store,
    deploys,
    memory,
  }: {
    readonly store: typeof Store.Store.Service;
    readonly deploys: typeof Deploys.Deploys.Service;
    readonly memory: typeof Memory.Memory.Service;
  },
  found: ReadonlyArray<Found>,
  all: boolean,
): Effect.Effect<number, StoreError.StoreUnavailable> =>
  Effect.gen(function* () {
    if (found.length === 0) return 0;
    const readAt = Timestamp.fromMillis(yield* Clock.currentTimeMillis);
    const ledgers = found.map(({ ref, stored: { ledger, resourceVersion, json } }) => ({
      rows: ledger.outcomes.map((entry) => rowOf(ref, entry)),
      copy: { ref, resourceVersion, ledger: json ?? encodeLedger(ledger), readAt },
    }));
    return yield* store.transaction(() =>
      Effect.gen(function* () {
        const taken = yield* deploys.takeInLedgers(ledgers, all);
        for (const { ref, stored } of found) {
          const { learnAfter } = stored.ledger;
          if (learnAfter !== undefined) yield* memory.forget(ref, learnAfter);
        }
        if (all) yield* memory.learnRows(taken);
        return taken.length;
      }),
    );
  });

export const make: Effect.Effect<
  typeof Intake.Service,
  never,
  Store.Store | Memory.Memory | Deploys.Deploys | Spool.Spool
> = Effect.gen(function* () {
  const store = yield* Store.Store;
  const memory = yield* Memory.Memory;
  const deploys = yield* Deploys.Deploys;
  const spool = yield* Spool.Spool;

  /** The results of those deploys whose records are kept, and that this store knows without one. */
  const takeInEvidence = (
    cluster: ClusterService,
    ref: Service.ServiceRef,
    ledger: Ledger.Ledger,
  ) =>
    Effect.gen(function* () {
      const kept = ledger.outcomes.filter(
        (entry) => Records.partsOf(ref.service, entry.id, ledger.records) > 0,
      );
      const known = yield* Effect.forEach(kept, (entry) => deploys.find(entry.id));
      const lacking = kept.filter((_, index) =>
        Option.match(known[index] ?? Option.none(), {
          onNone: () => true,
          onSome: (row) => row.result === undefined,
        }),
      );
      const rows = yield* Effect.forEach(
        lacking,
        (entry) => withEvidence(cluster, ref, ledger, entry),
        {
          concurrency,
        },
      );
      if (rows.length > 0) yield* deploys.takeIn(rows, Option.none());
    });

  const takeIn: (typeof Intake.Service)["takeIn"] = Effect.fn("Intake.takeIn")(
    function* (cluster, scope) {
      const { namespace, service } = scope;
      const place =
        namespace === undefined || service === undefined ? undefined : { namespace, service };
      const id = yield* ClusterIdentity.resolve(cluster, Option.fromNullable(place));
      yield* ClusterIdentity.remember(deploys, cluster, id);
      yield* spool.drain;
      const warnings: Array<string> = [];
      const found = yield* changed(deploys, cluster, id, scope, warnings);
      const find = (one: Place) =>
        Ledgers.read(cluster, one).pipe(
          Effect.map(Option.map((stored): Found => ({ ref: { cluster: id, ...one }, stored }))),
          Effect.catchTag("Refused", ({ message }) =>
            Effect.sync(() => (warnings.push(`skipped: ${message}`), Option.none())),
          ),
          Effect.catchIf(isDeniedFailure, ({ message }) =>
            Effect.sync(() => (warnings.push(message), Option.none())),
          ),
        );
      let taken = 0;
      for (let from = 0; from < found.length; from += ledgersAtOnce) {
        const places = found.slice(from, from + ledgersAtOnce);
        const ledgers = yield* Effect.forEach(places, find, { concurrency });
        taken += yield* takeInLedgers(
          { store, deploys, memory },
          ledgers.flatMap(Option.toArray),
          places.length === found.length,
        );
      }
      // All of them together, in the order in which they ended: so every machine learns the same.
      yield* memory.catchUp;
      if (place !== undefined) {
        yield* Ledgers.read(cluster, place).pipe(
          Effect.flatMap((stored) =>
            Option.match(stored, {
              onNone: () => Effect.void,
              onSome: ({ ledger }) => takeInEvidence(cluster, { cluster: id, ...place }, ledger),
            }),
          ),
          // Said above already, where it is the ledger; without the records there is no evidence.
          Effect.catchTag("Refused", () => Effect.void),
          Effect.catchIf(isDeniedFailure, ({ message }) =>
            Effect.sync(() => {
              if (!warnings.includes(message)) warnings.push(message);
            }),
          ),
        );
      }
      return {
        cluster: id,
        taken,
        degraded: warnings.length === 0 ? [] : ["ledger"],
        warnings,
      } satisfies Report;
    },
  );

  return Intake.of({ takeIn });
});

export const layer: Layer.Layer<
  Intake,
  never,
  Store.Store | Memory.Memory | Deploys.Deploys | Spool.Spool
> = Layer.effect(Intake, make);

const isDeniedFailure = (failure: { readonly _tag: string }): failure is ClusterError.ApiFailure =>
  failure._tag === "ApiFailure" && isDenied(failure as ClusterError.ApiFailure);

/** A ledger's outcome with the result of its record, where that is kept and may be read. */
export const withEvidence = (
  cluster: ClusterService,
  ref: Service.ServiceRef,
  ledger: Ledger.Ledger,
  entry: Ledger.OutcomeEntry,
): Effect.Effect<DeployRow.DeployRow, ClusterError.ClusterFailure> => {
  const row = rowOf(ref, entry);
  const parts = Records.partsOf(ref.service, entry.id, ledger.records);
  if (parts === 0) return Effect.succeed(row);
  const name = Record.nameOf(ref.service, entry.id);
  return Effect.map(Records.read(cluster, ref, { name, parts }, ["result"]), ({ result }) =>
    Option.match(result, {
      onNone: () => row,
      onSome: ({ result }) => ({ ...row, result }),
    }),
  );
};

interface Place {
  readonly namespace: Service.Namespace;
  readonly service: Service.ServiceName;
}

/** The ledgers that the store doesn't have as they are now, by their metadata alone. */
const changed = (
  deploys: typeof Deploys.Deploys.Service,
  cluster: ClusterService,
  id: Service.ClusterId,
  { namespace, service }: Scope,
  warnings: Array<string>,
): Effect.Effect<ReadonlyArray<Place>, ClusterError.ClusterFailure | StoreError.StoreUnavailable> =>
  Effect.gen(function* () {
    const listed = yield* cluster
      .listMetadata({
        apiVersion: "v1",
        kind: "ConfigMap",
        namespace,
        labelSelector: Ledgers.label,
      })
      .pipe(
        Effect.asSome,
        Effect.catchTag("ApiFailure", (failure) => {
          if (failure.missing === "namespace") return Effect.succeedNone;
          if (!isDenied(failure)) return Effect.fail(failure);
          const what = service === undefined ? "what this machine has" : `${service}'s own`;
          warnings.push(
            `${failure.message}: of what the cluster remembers, only ${what} is known here`,
          );
          return Effect.succeedNone;
        }),
      );
    if (Option.isNone(listed)) {
      return namespace === undefined || service === undefined ? [] : [{ namespace, service }];
    }
    const versions = new Map<string, ReadonlyMap<string, string>>();
    const places: Array<Place> = [];
    for (const { metadata } of listed.value.items) {
      const name = metadata.labels?.[Ledgers.label] ?? "";
      const home = metadata.namespace ?? "";
      if (!Schema.is(Service.ServiceName)(name) || !Schema.is(Service.Namespace)(home)) continue;
      if (metadata.name !== Service.clusterName(name)) continue;
      const known = versions.get(home) ?? (yield* deploys.ledgerVersions(id, home));
      versions.set(home, known);
      if (known.get(name) !== metadata.resourceVersion)
        places.push({ namespace: home, service: name });
    }
    return places;
  });
