/**
 * What memory would say, where the store can't be used: learnt for this one answer from the ledgers
 * of the namespace, as on a machine with an empty disk. Where no store can be made at all (the
 * native module is missing), from the service's own ledger, by the same learner without a store.
 * In a module of its own, since hardly any answer needs it.
 */
import { type Choice, Intake, Ledgers } from "@nopea/deploy";
import type { DeployContext, Service } from "@nopea/domain";
import { Memory, Recital } from "@nopea/memory";
import { Deploys, Spool, Store } from "@nopea/store";
import { Effect, Layer, Option } from "effect";
import type { ClusterService } from "../Session.js";

/** What waits for the store waits on. */
const noSpool = Layer.succeed(Spool.Spool, {
  put: () => Effect.void,
  drain: Effect.succeed(0),
});

const ofThisProcess = Intake.layer.pipe(
  Layer.provide(noSpool),
  Layer.provideMerge(Memory.layer),
  Layer.provide(Deploys.layer),
  Layer.provide(Store.layerMemory),
);

export interface Recalled {
  readonly context: DeployContext.DeployContext;
  /** What it rests on, and what of that is lacking. */
  readonly warnings: ReadonlyArray<string>;
}

const fromLedgers = (cluster: ClusterService, ref: Service.ServiceRef, ask: Memory.Ask) =>
  Effect.gen(function* () {
    const intake = yield* Intake.Intake;
    const memory = yield* Memory.Memory;
    const { namespace, service } = ref;
    const { warnings } = yield* intake.takeIn(cluster, { namespace, service });
    const context = yield* memory.context(ref, ask);
    return {
      context,
      warnings: [`answered from the ledgers of ${namespace} alone`, ...warnings],
    };
  }).pipe(Effect.provide(ofThisProcess), Effect.scoped);

export const context = (
  intake: typeof Intake.Intake.Service,
  cluster: ClusterService,
  ref: Service.ServiceRef,
  ask: Memory.Ask,
): Effect.Effect<Recalled, Ledgers.Failure> =>
  fromLedgers(cluster, ref, ask).pipe(
    Effect.catchTag("StoreUnavailable", () =>
      Effect.gen(function* () {
        const rows = yield* intake.read(cluster, ref);
        const stored = yield* Ledgers.read(cluster, ref);
        const learnAfter = Option.getOrUndefined(stored)?.ledger.learnAfter;
        return {
          context: Recital.context(ref, rows, learnAfter, ask),
          warnings: [`answered from the ledger of ${ref.service} alone`],
        };
      }),
    ),
  );

/** What the set in force has to roll out, as the ledger in the cluster says. */
export const rolling = (
  cluster: ClusterService,
  place: Ledgers.Place,
): Effect.Effect<Choice.Rolling, Ledgers.Failure> =>
  Effect.map(Ledgers.read(cluster, place), (stored) => {
    const ledger = Option.getOrUndefined(stored)?.ledger;
    return {
      isFirst: ledger?.current === undefined,
      canRoll: (ledger?.inventory ?? []).some(
        ({ apiVersion, kind, inSet }) => inSet && apiVersion === "apps/v1" && kind === "Deployment",
      ),
    };
  });
