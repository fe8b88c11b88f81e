/**
 * A deploy from its first write to its end. It writes itself down before anything else, and from
 * then on it ends in an outcome whatever happens, its own interruption included: what is on its
 * way is let finish, and what was and was not applied is recorded.
 */
import { DeployRequest, type DeployResult, KubeObject, Timestamp } from "@nopea/domain";
import { ConfigReaders, type Ordering, type Planner } from "@nopea/k8s";
import { Cause, Clock, Deferred, Duration, Effect, Exit, Fiber, Option } from "effect";
import * as Application from "./Application.js";
import type { Context, Shortcomings } from "./Context.js";
import { isDenied } from "./internal/failures.js";
import * as Judgement from "./Judgement.js";
import * as LastApplied from "./LastApplied.js";
import * as Ledger from "./Ledger.js";
import * as Ledgers from "./Ledgers.js";
import * as Owners from "./Owners.js";
import * as Record from "./Record.js";
import * as Records from "./Records.js";
import { Refused, type Refusal } from "./Refusal.js";
import * as Results from "./Results.js";
import { Settings } from "./Settings.js";
import * as Turn from "./Turn.js";
import * as Verification from "./Verification.js";

/** All that is known when the first write comes. */
export interface Ready {
  readonly turn: Turn.Turn;
  readonly planned: Planner.SetPlan;
  readonly steps: ReadonlyArray<Ordering.Step<Planner.PlannedEntry>>;
  readonly options: Planner.PlanOptions;
  /** Keys of the namespaces that this deploy made before it had its turn. */
  readonly created: ReadonlySet<string>;
  readonly ledger: Option.Option<Ledgers.Stored>;
  readonly hasLedger: boolean;
  readonly facts: Results.Facts;
}

/** A deploy that has written itself down, or has nothing to write. */
export interface Begun extends Ready {
  /** It changes nothing: unless it fails, the store alone has it. */
  readonly storeOnly: boolean;
  readonly record: Option.Option<Records.Written>;
  /** What went wrong after the ledger had it in flight: it has its outcome before it sent anything. */
  readonly failed: Option.Option<Results.Failed>;
  readonly until: number;
}

export const noLedger = (shortcomings: Shortcomings, message: string): Effect.Effect<void> =>
  shortcomings.add(
    "ledger",
    `the cluster keeps no word of this deploy, only this machine does; prune and rollback will be refused: ${message}`,
  );

const refsOf = (planned: Planner.SetPlan): ReadonlyArray<KubeObject.ObjectRef> =>
  planned.entries.map((entry) => entry.planned.object);

export const begin = (context: Context, ready: Ready): Effect.Effect<Begun, Refusal> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis;
    const until = now + (context.request.deadlineMs ?? DeployRequest.defaultDeadlineMs);
    const inForce = Option.exists(ready.ledger, ({ ledger }) =>
      Ledger.isInForce(ledger, refsOf(ready.planned)),
    );
    const storeOnly =
      ready.planned.plan.unchanged &&
      context.request.wait !== false &&
      (inForce || !ready.hasLedger);
    const begun: Begun = {
      ...ready,
      storeOnly,
      record: Option.none(),
      failed: Option.none(),
      until,
    };
    return storeOnly ? begun : yield* writeDown(context, begun, now);
  });

/** The ledger first (it fails while another is in flight), then the record, then the store's row. */
const writeDown = (context: Context, begun: Begun, now: number): Effect.Effect<Begun, Refusal> =>
  Effect.gen(function* () {
    const { cluster, place, needs, shortcomings } = context;
    const { facts, planned } = begun;
    yield* Effect.mapError(begun.turn.ensureHeld, (lost) => {
      const { failed } = Application.leaseLost(lost);
      return new Refused({ message: failed.message, reason: failed.reason });
    });
    const prepared = yield* Records.prepare(place.service, yield* setOf(facts, planned));
    const withDigest = { ...facts, digest: prepared.ref.digest };
    const written = begun.hasLedger
      ? yield* Ledgers.update(
          cluster,
          place,
          (stored) =>
            Effect.gen(function* () {
              const ledger = Option.match(stored, {
                onNone: () => Ledger.empty,
                onSome: (one) => one.ledger,
              });
              const { inFlight } = ledger;
              if (inFlight !== undefined && inFlight.id !== facts.id) {
                return yield* Turn.locked(facts.ref, Owners.text(inFlight.holder));
              }
              return Option.some(
                Ledger.begin(ledger, {
                  inFlight: {
                    id: facts.id,
                    holder: Owners.encode(needs.identity.self),
                    since: Timestamp.fromMillis(now),
                    deadline: Timestamp.fromMillis(begun.until),
                    left: false,
                    record: prepared.ref,
                  },
                  objects: refsOf(planned),
                  records: Record.partNames(prepared.ref.name, prepared.ref.parts),
                  cluster: facts.ref.cluster,
                }),
              );
            }),
          begun.ledger,
        ).pipe(
          Effect.map((stored) => ({ ledger: stored, hasLedger: true })),
          Effect.catchIf(
            (failure) => failure._tag === "ApiFailure" && isDenied(failure),
            (failure) =>
              Effect.as(noLedger(shortcomings, failure.message), {
                ledger: begun.ledger,
                hasLedger: false,
              }),
          ),
        )
      : { ledger: begun.ledger, hasLedger: false };
    // From here on it is in flight: whatever goes wrong is its outcome.
    const record = written.hasLedger
      ? yield* Effect.either(Records.write(cluster, place, prepared))
      : undefined;
    const denied =
      record?._tag === "Left" && record.left._tag === "ApiFailure" && isDenied(record.left);
    if (denied) {
      yield* shortcomings.add(
        "ledger",
        `the cluster keeps no record of this deploy, so that it can't be rolled back to: ${record.left.message}`,
      );
    }
    const memory = yield* needs.outcomes.keep(Results.openRow(withDigest, "running"));
    if (Option.isSome(memory)) yield* shortcomings.add("memory", memory.value);
    return {
      ...begun,
      ...written,
      facts: withDigest,
      record: record?._tag === "Right" ? Option.some(Records.written(prepared)) : Option.none(),
      failed:
        record?._tag === "Left" && !denied
          ? Option.some(Application.failedBy(record.left))
          : Option.none(),
    };
  });

const setOf = (facts: Results.Facts, planned: Planner.SetPlan): Effect.Effect<Record.RecordSet> =>
  Effect.gen(function* () {
    const objects = planned.entries.map(({ send, planned: { source } }) => ({
      object: send,
      source,
    }));
    const hasSecret = objects.some(({ object }) => object.kind === "Secret");
    return {
      version: Record.version,
      id: facts.id,
      accepted: facts.accepted,
      strategy: facts.strategy,
      ...(facts.choice === undefined ? {} : { choice: facts.choice }),
      ...(facts.risk === undefined ? {} : { risk: facts.risk }),
      ...(facts.overrideFreeze === undefined ? {} : { overrideFreeze: facts.overrideFreeze }),
      ...(facts.change === undefined ? {} : { change: facts.change }),
      ...(facts.who === undefined ? {} : { who: facts.who }),
      ...(hasSecret ? { salt: yield* Records.salt } : {}),
      objects,
    };
  });

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>;

/** To the outcome, which is recorded and told even where this fiber is interrupted. */
export const carryOut = (context: Context, begun: Begun, restore: Restore): Effect.Effect<void> =>
  Effect.gen(function* () {
    const sent = Application.nothingSent();
    const { end, interrupted } = Option.isSome(begun.failed)
      ? {
          end: { type: "failed", finding: begun.failed.value } satisfies Application.End,
          interrupted: false,
        }
      : yield* apply(context, begun, sent, restore);
    const result = yield* end.type === "left"
      ? leave(context, begun, sent)
      : settle(context, begun, sent, end);
    yield* context.log.emit({ type: "outcome", result });
    yield* context.log.flush;
    if (interrupted) return yield* Effect.interrupt;
  });

const interruptedStop = (why: string): Application.Stop => ({
  failed: Judgement.interrupted(why),
  mayWrite: true,
});

/** Applies and waits in a fiber of its own, which an interruption asks to stop and lets finish what is on its way. */
const apply = (context: Context, begun: Begun, sent: Application.Sent, restore: Restore) =>
  Effect.gen(function* () {
    const { stopMs } = yield* Settings;
    const stop = yield* Deferred.make<Application.Stop>();
    const watching = yield* Effect.fork(
      Effect.interruptible(
        Effect.raceFirst(
          Effect.as(context.cancel, interruptedStop("it was interrupted")),
          begun.turn.lost.pipe(
            Effect.catchAll((lost) => Effect.succeed(Application.leaseLost(lost))),
          ),
        ).pipe(Effect.flatMap((why) => Deferred.succeed(stop, why))),
      ),
    );
    const working = yield* Effect.fork(
      Effect.interruptible(
        Application.run(
          {
            cluster: context.cluster,
            options: begun.options,
            turn: begun.turn,
            stop,
            emit: context.log.emit,
            degrade: context.shortcomings.add,
            timeoutMs: context.request.timeoutMs ?? DeployRequest.defaultTimeoutMs,
            until: begun.until,
          },
          begun.steps,
          sent,
          context.request.wait !== false,
        ),
      ),
    );
    const first = yield* Effect.exit(restore(Fiber.await(working)));
    const interrupted = Exit.isFailure(first);
    if (interrupted) yield* Deferred.succeed(stop, interruptedStop("it was interrupted"));
    const last = interrupted
      ? yield* Fiber.await(working).pipe(
          Effect.disconnect,
          Effect.timeoutOption(Duration.millis(stopMs)),
        )
      : Option.some(first.value);
    yield* Fiber.interruptFork(watching);
    yield* Fiber.interruptFork(working);
    const end = Option.match(last, {
      onNone: (): Application.End => ({
        type: "stopped",
        stop: interruptedStop("it was interrupted"),
      }),
      onSome: Exit.match({
        onSuccess: (end): Application.End => end,
        onFailure: (cause): Application.End => ({
          type: "failed",
          finding: {
            reason: "interrupted",
            message: `nopea itself failed: ${String(Cause.squash(cause))}`,
            advice: "Report it as a bug with this message; then deploy again.",
          },
        }),
      }),
    });
    return { end, interrupted };
  });

const appliedResources = (
  begun: Begun,
  sent: Application.Sent,
): ReadonlyArray<DeployResult.AppliedResource> =>
  begun.planned.entries.flatMap(({ planned }) => {
    const key = KubeObject.refKey(planned.object);
    const applied = sent.applied.get(key);
    if (applied === undefined) return [];
    const { uid } = applied.response.metadata;
    const action =
      begun.created.has(key) && applied.action === "unchanged" ? "created" : applied.action;
    return [{ ...planned.object, ...(uid === undefined ? {} : { uid }), action }];
  });

const notApplied = (begun: Begun, sent: Application.Sent): ReadonlyArray<KubeObject.ObjectRef> =>
  refsOf(begun.planned).filter((ref) => !sent.applied.has(KubeObject.refKey(ref)));

/** What the result says whatever the end was. */
const common = (context: Context, begun: Begun, sent: Application.Sent) => {
  const reloads = ConfigReaders.notReloaded(begun.planned);
  return {
    applied: appliedResources(begun, sent),
    notApplied: notApplied(begun, sent),
    unchanged: begun.planned.plan.unchanged,
    configNotReloaded: reloads,
    warnings: [...begun.planned.plan.warnings, ...context.shortcomings.warnings],
    degraded: context.shortcomings.degraded,
  };
};

/** Applied, and left to the next process that looks. */
const leave = (context: Context, begun: Begun, sent: Application.Sent) =>
  Effect.gen(function* () {
    const { cluster, place, needs, shortcomings } = context;
    const refs = [...sent.applied.values()].map(({ response }) => KubeObject.refOf(response));
    if (begun.hasLedger) {
      yield* Ledgers.update(
        cluster,
        place,
        (stored) =>
          Effect.succeed(
            Option.map(stored, ({ ledger }) => Ledger.leave(ledger, begun.facts.id, refs)),
          ),
        begun.ledger,
      ).pipe(
        // The lock is given back all the same: whoever looks next finds it in flight, and its process gone.
        Effect.catchAll((failure) => shortcomings.add("ledger", failure.message)),
      );
    }
    const ended = Timestamp.fromMillis(yield* Clock.currentTimeMillis);
    const result = Results.result(begun.facts, {
      ...common(context, begun, sent),
      status: "progressing",
      ended,
      verified: false,
      differences: [],
    });
    yield* needs.outcomes.keep({ ...Results.openRow(begun.facts, "running"), result });
    return result;
  });

/** Verifies what is ready, and settles: the one end of a deploy. */
const settle = (
  context: Context,
  begun: Begun,
  sent: Application.Sent,
  end: Exclude<Application.End, { readonly type: "left" }>,
) =>
  Effect.gen(function* () {
    const { cluster, place, needs, log, shortcomings } = context;
    const entries = [...sent.applied.values()].map(({ response }) => LastApplied.entryOf(response));
    const differences = end.type === "ready" ? Verification.differences(entries, end.objects) : [];
    const verified = end.type === "ready" && differences.length === 0;
    if (end.type === "ready") yield* log.emit({ type: "verified", verified, differences });
    const finding = findingOf(begun, sent, end);
    const mayWrite = end.type !== "stopped" || end.stop.mayWrite;

    // What changed nothing and failed all the same is written down as any other.
    const late = begun.storeOnly && finding !== undefined && mayWrite && begun.hasLedger;
    const now = yield* Clock.currentTimeMillis;
    const written = late
      ? yield* writeDown(context, begun, now).pipe(
          Effect.catchAll((failure) =>
            Effect.as(noLedger(shortcomings, failure.message), { ...begun, hasLedger: false }),
          ),
        )
      : begun;
    const storeOnly = begun.storeOnly && !late;

    const ended = Timestamp.fromMillis(yield* Clock.currentTimeMillis);
    const result = Results.result(written.facts, {
      ...common(context, begun, sent),
      status: finding === undefined ? "completed" : "failed",
      ended,
      verified,
      differences,
      finding,
    });
    const settled = yield* needs.outcomes.settle({
      place,
      row: Results.endedRow(written.facts, result, storeOnly && finding === undefined),
      result,
      cluster: mayWrite ? Option.some(cluster) : Option.none(),
      inLedger: written.hasLedger && !storeOnly,
      ledger: written.ledger,
      record: written.record,
      applied: entries,
      becomesCurrent: finding === undefined,
    });
    for (const { what, message } of settled.degraded) yield* shortcomings.add(what, message);
    return {
      ...result,
      ...(settled.row.outcome === undefined ? {} : { status: settled.row.outcome }),
      warnings: [...new Set([...result.warnings, ...shortcomings.warnings])],
      degraded: shortcomings.degraded,
    };
  });

const findingOf = (
  begun: Begun,
  sent: Application.Sent,
  end: Exclude<Application.End, { readonly type: "left" }>,
) => {
  if (end.type === "ready") return undefined;
  if (end.type === "failed") return end.finding;
  const { failed } = end.stop;
  return {
    ...failed,
    message: Judgement.interruptedMessage(
      failed.message,
      [...sent.applied.values()].map(({ planned }) => planned.planned.object),
      notApplied(begun, sent),
    ),
  };
};
