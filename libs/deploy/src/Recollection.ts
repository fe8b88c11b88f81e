/**
 * What is known where there is no store to be had: straight from the ledgers, for this one answer.
 * What memory says is learnt from the namespace's ledgers by a store in this process, as on a
 * machine with an empty disk; where no store can be made at all (the native module is missing),
 * from the service's own ledger by the same learner.
 */
import type { DeployContext, Service } from "@nopea/domain";
import type { Cluster } from "@nopea/k8s";
import { Memory, Recital } from "@nopea/memory";
import { Deploys, type DeployRow, Spool, Store, type StoreError } from "@nopea/store";
import { Effect, Layer, Option } from "effect";
import type { Rolling } from "./Choice.js";
import * as ClusterIdentity from "./ClusterIdentity.js";
import * as Intake from "./Intake.js";
import * as Ledgers from "./Ledgers.js";

type ClusterService = typeof Cluster.Cluster.Service;

/** Records read at once. */
const concurrency = 8;

/** One service's deploys, newest first. */
export const history: (
  cluster: ClusterService,
  place: Pick<Service.ServiceRef, "namespace" | "service">,
) => Effect.Effect<ReadonlyArray<DeployRow.DeployRow>, Ledgers.Failure> = Effect.fn(
  "Recollection.history",
)(function* (cluster, place) {
  const [id, stored] = yield* Effect.all([
    ClusterIdentity.resolve(cluster, Option.some(place)),
    Ledgers.read(cluster, place),
  ]);
  if (Option.isNone(stored)) return [];
  const { ledger } = stored.value;
  const ref = { cluster: id, ...place };
  return yield* Effect.forEach(
    [...ledger.outcomes].sort((a, b) => (a.id < b.id ? 1 : -1)),
    (entry) => Intake.withEvidence(cluster, ref, ledger, entry),
    { concurrency },
  );
});

/** What waits for the store waits on. */
const noSpool = Layer.succeed(Spool.Spool, {
  put: () => Effect.void,
  drain: Effect.succeed(0),
});

const ofThisProcess = Intake.layer.pipe(
  Layer.provide(noSpool),
  Layer.provideMerge(Memory.layer),
  Layer.provideMerge(Deploys.layer),
  Layer.provide(Store.layerMemory),
);

/** A store of this process that has what the namespace's ledgers have. */
const withLedgers = <A, E>(
  cluster: ClusterService,
  scope: Intake.Scope,
  ask: (
    report: Intake.Report,
  ) => Effect.Effect<A, E | StoreError.StoreUnavailable, Memory.Memory | Deploys.Deploys>,
) =>
  Effect.gen(function* () {
    const intake = yield* Intake.Intake;
    return yield* ask(yield* intake.takeIn(cluster, scope));
  }).pipe(Effect.provide(ofThisProcess), Effect.scoped);

export interface Recalled {
  readonly context: DeployContext.DeployContext;
  /** What it rests on, and what of that is lacking. */
  readonly warnings: ReadonlyArray<string>;
}

/** What memory would say before a deploy. */
export const context = (
  cluster: ClusterService,
  ref: Service.ServiceRef,
  ask: Memory.Ask,
): Effect.Effect<Recalled, Ledgers.Failure> => {
  const { namespace, service } = ref;
  return withLedgers(cluster, { namespace, service }, ({ warnings }) =>
    Effect.gen(function* () {
      const memory = yield* Memory.Memory;
      return {
        context: yield* memory.context(ref, ask),
        warnings: [`answered from the ledgers of ${namespace} alone`, ...warnings],
      };
    }),
  ).pipe(
    Effect.catchTag("StoreUnavailable", () =>
      Effect.gen(function* () {
        const rows = yield* history(cluster, ref);
        const stored = yield* Ledgers.read(cluster, ref);
        const learnAfter = Option.getOrUndefined(stored)?.ledger.learnAfter;
        return {
          context: Recital.context(ref, rows, learnAfter, ask),
          warnings: [`answered from the ledger of ${service} alone`],
        };
      }),
    ),
  );
};

/** The services whose ledgers there are, of one namespace or all; `StoreUnavailable` where no store can be made at all. */
export const services = (
  cluster: ClusterService,
  namespace: Service.Namespace | undefined,
): Effect.Effect<
  ReadonlyArray<Deploys.ServiceSummary>,
  Ledgers.Failure | StoreError.StoreUnavailable
> =>
  withLedgers(cluster, { namespace }, () =>
    Effect.flatMap(Deploys.Deploys, (deploys) => deploys.services({})),
  );

/** What the set in force has to roll out, as the ledger says. */
export const rolling = (
  cluster: ClusterService,
  place: Ledgers.Place,
): Effect.Effect<Rolling, Ledgers.Failure> =>
  Effect.map(Ledgers.read(cluster, place), (stored) => {
    const ledger = Option.getOrUndefined(stored)?.ledger;
    return {
      isFirst: ledger?.current === undefined,
      canRoll: (ledger?.inventory ?? []).some(
        ({ apiVersion, kind, inSet }) => inSet && apiVersion === "apps/v1" && kind === "Deployment",
      ),
    };
  });
