/**
 * One deploy up to its first write: its turn, what an earlier one left behind, and the plan. What
 * is found wrong until here refuses it, and leaves nothing; `CarryingOut` does the rest.
 */
import { type DeployId, DeployRequest, KubeObject, Timestamp } from "@nopea/domain";
import { Change, type Cluster, Ordering, type Planner } from "@nopea/k8s";
import { Clock, Effect, Exit, Option, type Scope } from "effect";
import * as CarryingOut from "./CarryingOut.js";
import * as Choice from "./Choice.js";
import { type Context, type Needs, Shortcomings } from "./Context.js";
import * as ClusterIdentity from "./ClusterIdentity.js";
import type { ResolvedRequest } from "./Deployer.js";
import { takeInLedgers } from "./Intake.js";
import { isDenied } from "./internal/failures.js";
import * as LastApplied from "./LastApplied.js";
import * as Ledgers from "./Ledgers.js";
import * as Owners from "./Owners.js";
import * as Preparation from "./Preparation.js";
import type { ProgressLog } from "./ProgressLog.js";
import { Refused, type Refusal } from "./Refusal.js";
import * as Results from "./Results.js";
import * as Turn from "./Turn.js";

type ClusterService = typeof Cluster.Cluster.Service;

/** The cancelled deploy that has not begun yet. */
const cancelled = new Refused({
  reason: "interrupted",
  message: "it was cancelled before anything was sent",
});

export const run = (
  needs: Needs,
  cluster: ClusterService,
  request: ResolvedRequest,
  id: DeployId.DeployId,
  log: ProgressLog,
  cancel: Effect.Effect<void>,
): Effect.Effect<void, Refusal, Scope.Scope> =>
  Effect.gen(function* () {
    const acceptedAt = yield* Clock.currentTimeMillis;
    const accepted = Timestamp.fromMillis(acceptedAt);
    const prepared = yield* unlessCancelled(Preparation.prepare(cluster, request), cancel);
    const shortcomings = new Shortcomings(log.emit);
    const { place, ref, set } = prepared;
    yield* Effect.ignore(needs.spool.drain);
    const facts: Results.Facts = {
      id,
      ref,
      strategy: prepared.chosen.strategy,
      accepted,
      manifestCount: set.entries.length,
      who: request.who,
    };
    const turnRequest: Turn.Request = {
      cluster,
      place,
      row: Results.openRow(facts, "accepted"),
      until: acceptedAt + (request.lockTimeoutMs ?? DeployRequest.defaultLockTimeoutMs),
      emit: log.emit,
      degrade: shortcomings.add,
    };
    yield* Turn.accept(needs, turnRequest);
    const context: Context = { needs, cluster, request, facts, log, shortcomings, place, cancel };
    // Until it has written itself down, whatever ends it leaves a row that was refused.
    const refuse = Effect.ignore(needs.deploys.put(Results.openRow(facts, "refused")));
    yield* Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        yield* log.emit({
          type: "accepted",
          service: facts.ref.service,
          namespace: facts.ref.namespace,
          manifestCount: facts.manifestCount,
        });
        const begun = yield* restore(
          unlessCancelled(getReady(context, prepared, turnRequest), cancel),
        ).pipe(
          Effect.flatMap((ready) => CarryingOut.begin(context, ready)),
          Effect.onExit((exit) => (Exit.isFailure(exit) ? refuse : Effect.void)),
        );
        yield* CarryingOut.carryOut(context, begun, restore);
      }),
    );
  });

const unlessCancelled = <A, E, R>(effect: Effect.Effect<A, E, R>, cancel: Effect.Effect<void>) =>
  Effect.raceFirst(effect, Effect.zipRight(cancel, Effect.fail(cancelled)));

const getReady = (
  context: Context,
  prepared: Preparation.Prepared,
  turnRequest: Turn.Request,
): Effect.Effect<CarryingOut.Ready, Refusal, Scope.Scope> =>
  Effect.gen(function* () {
    const { needs, cluster, request, log, place, facts } = context;
    const madeEarly = prepared.namespaceMissing
      ? yield* createEarly(context, prepared)
      : new Set<string>();
    const turn = yield* Turn.take(needs, turnRequest);
    yield* log.emit({ type: "locked" });

    const read = yield* readLedger(context);
    const found = turn.hasLease ? read : yield* waitForLedger(context, read, turnRequest.until);
    yield* takeIn(context, found.ledger);
    const recovered = yield* needs.recovery.settleOpen(
      cluster,
      { place, ref: facts.ref, ledger: found.ledger, ledgerKnown: found.hasLedger },
      { except: facts.id },
    );
    for (const row of recovered.settled) {
      yield* log.emit({
        type: "warning",
        message: `deploy ${row.id}, which nobody followed any more, ended as ${row.outcome ?? "failed"}${
          row.reason === undefined ? "" : ` (${row.reason})`
        }`,
      });
    }
    const lastApplied = yield* LastApplied.known(
      cluster,
      place,
      recovered.ledger,
      LastApplied.fromStore(needs.deploys, facts.ref),
    );
    const options = Preparation.planOptions(request, place, lastApplied);
    const first = yield* Preparation.plan(cluster, prepared, request, options);
    const others = yield* Preparation.createNamespaces(cluster, first, options, []);
    const planned = withCreated(
      others.size > 0 || first.missingNamespaces.length > 0
        ? yield* Preparation.plan(cluster, prepared, request, options)
        : first,
      new Set([...madeEarly, ...others]),
    );
    const steps = yield* Ordering.steps(planned.entries);
    const { chosen, risk } = yield* Preparation.decide(
      needs.memory,
      cluster,
      prepared,
      request,
      { planned, ledger: recovered.ledger, lastApplied },
      ({ message }) => context.shortcomings.add("memory", message),
    );
    const choosing = Results.choosing(chosen, risk);
    for (const message of Choice.warnings(chosen, request.who))
      yield* context.shortcomings.say(message);
    yield* log.emit({
      type: "planned",
      strategy: choosing.strategy,
      plan: planned.plan,
      choice: choosing.choice,
      ...(risk === undefined ? {} : { risk }),
    });
    return {
      turn,
      planned,
      steps,
      options,
      created: new Set([...madeEarly, ...others]),
      ledger: recovered.ledger,
      hasLedger: found.hasLedger,
      facts: { ...facts, ...choosing, change: Change.of(planned) },
    };
  });

/**
 * The service's own namespace comes before the lock, which lives in it, and after all checks: of
 * what will live in it a dry-run says only that it isn't there yet, so that the others are asked.
 */
const createEarly = (context: Context, prepared: Preparation.Prepared) =>
  Effect.gen(function* () {
    const { cluster, request, place } = context;
    const options = Preparation.planOptions(request, place, new Map());
    const set = {
      ...prepared.set,
      entries: prepared.set.entries.filter(
        ({ object }) => object.metadata.namespace !== place.namespace,
      ),
    };
    const planned = yield* Preparation.plan(cluster, { set }, request, options);
    yield* Ordering.steps(prepared.set.entries.map((entry) => ({ entry })));
    return yield* Preparation.createNamespaces(cluster, planned, options, [place.namespace]);
  });

/** What was made before the lock is unchanged by now, but this deploy's doing all the same. */
const withCreated = (planned: Planner.SetPlan, created: ReadonlySet<string>): Planner.SetPlan => {
  if (created.size === 0) return planned;
  const isCreated = (object: KubeObject.ObjectRef) => created.has(KubeObject.refKey(object));
  return {
    ...planned,
    plan: {
      ...planned.plan,
      unchanged: false,
      objects: planned.plan.objects.map((one) =>
        isCreated(one.object) && one.action === "unchanged" ? { ...one, action: "created" } : one,
      ),
    },
  };
};

interface FoundLedger {
  readonly ledger: Option.Option<Ledgers.Stored>;
  /** False where this account may keep none. */
  readonly hasLedger: boolean;
}

const readLedger = ({
  cluster,
  place,
  shortcomings,
}: Context): Effect.Effect<FoundLedger, Refusal> =>
  Ledgers.read(cluster, place).pipe(
    Effect.map((ledger): FoundLedger => ({ ledger, hasLedger: true })),
    Effect.catchIf(
      (failure) => failure._tag !== "Refused" && isDenied(failure),
      (failure) =>
        Effect.as(CarryingOut.noLedger(shortcomings, failure.message), {
          ledger: Option.none(),
          hasLedger: false,
        }),
    ),
  );

/** Without a Lease the ledger's deploy in flight is the lock, until its deadline. */
const waitForLedger = (
  context: Context,
  first: FoundLedger,
  until: number,
): Effect.Effect<FoundLedger, Refusal> =>
  Effect.gen(function* () {
    let found = first;
    for (;;) {
      const inFlight = Option.getOrUndefined(found.ledger)?.ledger.inFlight;
      const now = yield* Clock.currentTimeMillis;
      if (inFlight === undefined || inFlight.left || now > Timestamp.toMillis(inFlight.deadline))
        return found;
      if ((yield* Owners.presence(context.needs.identity, inFlight.holder)) === "gone")
        return found;
      const holder = Owners.text(inFlight.holder);
      if (now >= until) return yield* Turn.locked(context.facts.ref, holder);
      yield* context.log.emit({ type: "queued", holder });
      yield* Effect.sleep("1 second");
      found = yield* readLedger(context);
    }
  });

/** The store learns what the ledger has; and by which id the cluster goes. */
const takeIn = (
  { needs, cluster, facts, shortcomings }: Context,
  ledger: Option.Option<Ledgers.Stored>,
) =>
  Effect.gen(function* () {
    yield* ClusterIdentity.remember(needs.deploys, cluster, facts.ref.cluster);
    if (Option.isNone(ledger)) return;
    yield* takeInLedgers(needs, [{ ref: facts.ref, stored: ledger.value }], true);
    yield* needs.memory.catchUp;
  }).pipe(
    Effect.catchTag("StoreUnavailable", (failure) => shortcomings.add("memory", failure.message)),
  );
