/**
 * One deploy, from its documents to its outcome: the only applier, and the only place that ends
 * a deploy. The result is recorded whatever happens; a failed deploy is a value, not an error.
 */
import {
  DeployId,
  type DeployRequest,
  type Plan,
  type Progress,
  type Risk,
  type Service,
  type Strategy,
  type Who,
} from "@nopea/domain";
import { type Cluster, Leases, ProcessIdentity } from "@nopea/k8s";
import { Memory } from "@nopea/memory";
import { Deploys, Spool, Store } from "@nopea/store";
import { Context, Effect, Layer, Mailbox, Stream } from "effect";
import * as Beginning from "./Beginning.js";
import * as Choice from "./Choice.js";
import { isDenied } from "./internal/failures.js";
import * as LastApplied from "./LastApplied.js";
import * as Ledgers from "./Ledgers.js";
import { Outcomes } from "./Outcomes.js";
import type * as Policy from "./Policy.js";
import * as Preparation from "./Preparation.js";
import * as ProgressLog from "./ProgressLog.js";
import { Recovery } from "./Recovery.js";
import type { Refusal } from "./Refusal.js";

/** A request after surface settled what it left open. */
export interface ResolvedRequest extends DeployRequest.DeployRequest {
  readonly namespace: Service.Namespace;
  readonly who: Who.Who;
  /** The operator's, read where this runs; absent: there is none. */
  readonly policy?: Policy.Policy;
}

export interface PlanAnswer {
  readonly strategy: Strategy.Strategy;
  readonly choice: Strategy.Choice;
  /** Absent where nothing would change, or memory can't be asked. */
  readonly risk: Risk.Risk | undefined;
  /** What else the choice went by. */
  readonly rolling: Choice.Rolling;
  readonly plan: Plan.Plan;
}

export class Deployer extends Context.Tag("@nopea/deploy/Deployer")<
  Deployer,
  {
    /**
     * Runs the deploy while the stream is pulled. The last event is `outcome`. `cancel` ends it
     * as `failed/interrupted` when it completes; an interruption of the fiber does the same,
     * without anyone left to read the event.
     */
    readonly run: (
      cluster: typeof Cluster.Cluster.Service,
      request: ResolvedRequest,
      options: { readonly cancel: Effect.Effect<void> },
    ) => Stream.Stream<Progress.Progress, Refusal>;
    /** Steps 1 to 4 alone: no lock, nothing written. */
    readonly plan: (
      cluster: typeof Cluster.Cluster.Service,
      request: ResolvedRequest,
    ) => Effect.Effect<PlanAnswer, Refusal>;
  }
>() {}

export const make: Effect.Effect<
  typeof Deployer.Service,
  never,
  | Store.Store
  | Memory.Memory
  | Deploys.Deploys
  | Spool.Spool
  | Leases.Leases
  | ProcessIdentity.ProcessIdentity
  | Outcomes
  | Recovery
> = Effect.gen(function* () {
  const needs = {
    store: yield* Store.Store,
    deploys: yield* Deploys.Deploys,
    memory: yield* Memory.Memory,
    spool: yield* Spool.Spool,
    leases: yield* Leases.Leases,
    identity: yield* ProcessIdentity.ProcessIdentity,
    outcomes: yield* Outcomes,
    recovery: yield* Recovery,
  };

  const run: (typeof Deployer.Service)["run"] = (cluster, request, { cancel }) =>
    Stream.unwrapScoped(
      Effect.gen(function* () {
        // Read in as large pieces as there are: a large set has thousands of events.
        const events = yield* Mailbox.make<Progress.Progress, Refusal>();
        const id = yield* DeployId.make;
        const work = Effect.scoped(
          Effect.gen(function* () {
            const log = yield* ProgressLog.make(id, needs.deploys, (event) => {
              events.unsafeOffer(event);
            });
            yield* Beginning.run(needs, cluster, request, id, log, cancel);
          }),
        );
        // Ended by its scope it settles first: whoever stops reading waits for that.
        yield* Effect.forkScoped(
          Effect.onExit(work, (exit) =>
            exit._tag === "Success" ? events.end : events.failCause(exit.cause),
          ),
        );
        return Mailbox.toStream(events);
      }),
    );

  const plan = Effect.fn("Deployer.plan")(function* (
    cluster: typeof Cluster.Cluster.Service,
    request: ResolvedRequest,
  ): Effect.fn.Return<PlanAnswer, Refusal> {
    const prepared = yield* Preparation.prepare(cluster, request);
    const { place, ref } = prepared;
    const ledger = yield* Ledgers.read(cluster, place).pipe(
      Effect.catchIf(
        (failure) => failure._tag === "ApiFailure" && isDenied(failure),
        () => Effect.succeedNone,
      ),
    );
    const lastApplied = yield* LastApplied.known(
      cluster,
      place,
      ledger,
      LastApplied.fromStore(needs.deploys, ref),
    );
    const options = Preparation.planOptions(request, place, lastApplied);
    const planned = yield* Preparation.plan(cluster, prepared, request, options, true);
    const { chosen, risk, rolling } = yield* Preparation.decide(
      needs.memory,
      cluster,
      prepared,
      request,
      { planned, ledger, lastApplied },
      // Surface has said by now that memory can't be asked.
      () => Effect.void,
    );
    const { freeze, ...unfrozen } = chosen;
    const warnings =
      freeze === undefined || request.overrideFreeze === true
        ? Choice.warnings(chosen, request.who)
        : [
            `a deploy would be refused now: ${Choice.freezeText(freeze)}`,
            ...Choice.warnings(unfrozen, request.who),
          ];
    return {
      strategy: chosen.strategy,
      choice: Choice.recorded(chosen),
      risk,
      rolling,
      plan: { ...planned.plan, warnings: [...warnings, ...planned.plan.warnings] },
    };
  });

  return Deployer.of({ run, plan });
});

export const layer: Layer.Layer<
  Deployer,
  never,
  | Store.Store
  | Memory.Memory
  | Deploys.Deploys
  | Spool.Spool
  | Leases.Leases
  | ProcessIdentity.ProcessIdentity
  | Outcomes
  | Recovery
> = Layer.effect(Deployer, make);
