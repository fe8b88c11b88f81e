/**
 * Sending a planned set, step by step, and waiting for it. Nothing is sent once the deploy is to
 * stop, after the first refusal, or while the lock may be another's; what is on its way by then
 * is let finish, so that what was applied is known.
 */
import { type DeployResult, KubeObject, type Progress } from "@nopea/domain";
import {
  Applier,
  type Cluster,
  inLanes,
  type Leases,
  type Ordering,
  type Planner,
  Waiter,
} from "@nopea/k8s";
import { Clock, Deferred, Duration, Effect, Option, Stream } from "effect";
import type { Failed } from "./Results.js";
import { Settings, waitSettings } from "./Settings.js";
import type { Turn } from "./Turn.js";

/** Why a deploy is to end before it is through. */
export interface Stop {
  readonly failed: Failed;
  /** False: the lock may be another's, and nothing more may be sent. */
  readonly mayWrite: boolean;
}

export interface AppliedEntry {
  readonly planned: Planner.PlannedEntry;
  readonly response: KubeObject.KubeObject;
  readonly action: Applier.Applied["action"];
  /** When it was sent, in milliseconds by the API server's clock. */
  readonly at: number;
}

export interface Context {
  readonly cluster: typeof Cluster.Cluster.Service;
  readonly options: Planner.PlanOptions;
  readonly turn: Turn;
  readonly stop: Deferred.Deferred<Stop>;
  readonly emit: (body: Progress.ProgressBody) => Effect.Effect<void>;
  readonly degrade: (what: DeployResult.Degraded, message: string) => Effect.Effect<void>;
  readonly timeoutMs: number;
  /** When all must be over, in milliseconds since the epoch. */
  readonly until: number;
}

/** How far it came: filled in while it runs, and read when it ends, however it ends. */
export interface Sent {
  readonly applied: Map<string, AppliedEntry>;
}

export const nothingSent = (): Sent => ({ applied: new Map() });

export type End =
  | { readonly type: "ready"; readonly objects: ReadonlyArray<KubeObject.KubeObject> }
  | { readonly type: "failed"; readonly finding: Waiter.Finding | Failed }
  | { readonly type: "stopped"; readonly stop: Stop }
  /** All is applied, and was not to be waited for. */
  | { readonly type: "left" };

const keyOf = (planned: Planner.PlannedEntry): string => KubeObject.refKey(planned.planned.object);

/** All steps, and the last wait where `wait` says so. */
export const run = (
  context: Context,
  steps: ReadonlyArray<Ordering.Step<Planner.PlannedEntry>>,
  sent: Sent,
  wait: boolean,
): Effect.Effect<End> =>
  Effect.gen(function* () {
    const deferred: Array<Planner.PlannedEntry> = [];
    for (const step of steps) {
      const early = yield* between(context, step.after, sent);
      if (early !== undefined) return early;
      const end = yield* send(context, step.entries, sent, deferred);
      if (end !== undefined) return end;
    }
    if (deferred.length > 0) {
      // What serves their webhook is among what was applied: once that is ready, they can be sent.
      const early = yield* between(context, "ready", sent);
      if (early !== undefined) return early;
      const end = yield* send(context, deferred, sent, undefined);
      if (end !== undefined) return end;
    }
    yield* context.emit({ type: "applied", objects: sent.applied.size });
    return wait ? yield* waitFor(context, [...sent.applied.values()]) : { type: "left" };
  });

const isDefinition = ({ response }: AppliedEntry): boolean =>
  response.kind === "CustomResourceDefinition";

const between = (context: Context, after: Ordering.StepAfter, sent: Sent) =>
  Effect.gen(function* () {
    if (after === "nothing") return undefined;
    const all = [...sent.applied.values()];
    const targets = after === "established" ? all.filter(isDefinition) : all;
    if (targets.length === 0) return undefined;
    const end = yield* waitFor(context, targets);
    return end.type === "ready" ? undefined : end;
  });

/** What takes less than this to apply is told when it is done, and not before. In milliseconds. */
const slowMs = 250;

/** One step's entries, in parallel. `deferred` collects those whose webhook isn't there yet. */
const send = (
  { cluster, options, turn, stop, emit }: Context,
  entries: ReadonlyArray<Planner.PlannedEntry>,
  sent: Sent,
  deferred: Array<Planner.PlannedEntry> | undefined,
): Effect.Effect<End | undefined> =>
  Effect.gen(function* () {
    const { concurrency } = yield* Settings;
    let failed: Waiter.Finding | Failed | undefined;
    let stopped: Stop | undefined;
    const others: Array<string> = [];
    const underWay = new Set<Planner.PlannedEntry>();
    const one = (planned: Planner.PlannedEntry) =>
      Effect.gen(function* () {
        if (failed !== undefined || stopped !== undefined) return;
        const asked = yield* Deferred.poll(stop);
        if (Option.isSome(asked)) {
          stopped = yield* asked.value;
          return;
        }
        const { object, action } = planned.planned;
        const isSent = action !== "unchanged";
        if (isSent) yield* turn.ensureHeld;
        const at = (yield* Clock.currentTimeMillis) + (yield* cluster.clockSkewMs);
        if (isSent) underWay.add(planned);
        const applied = yield* Applier.apply(cluster, planned, options);
        sent.applied.set(keyOf(planned), { planned, ...applied, at });
        if (isSent) {
          yield* emit({ type: "applying", object, state: "done", action: applied.action });
        }
      }).pipe(
        Effect.catchTag("LeaseLost", (lost) =>
          Effect.sync(() => {
            stopped ??= leaseLost(lost);
          }),
        ),
        Effect.catchAll((failure) =>
          Effect.sync(() => {
            if (deferred !== undefined && Applier.isWebhookUnavailable(failure)) {
              deferred.push(planned);
            } else if (failed === undefined) {
              failed = failedBy(failure, planned.planned.object);
            } else {
              others.push(failure.message);
            }
          }),
        ),
        Effect.ensuring(Effect.sync(() => underWay.delete(planned))),
      );
    const tellSlow = Effect.gen(function* () {
      let before: ReadonlySet<Planner.PlannedEntry> = new Set();
      const told = new Set<Planner.PlannedEntry>();
      for (;;) {
        yield* Effect.sleep(Duration.millis(slowMs));
        for (const planned of underWay) {
          if (!before.has(planned) || told.has(planned)) continue;
          told.add(planned);
          yield* emit({ type: "applying", object: planned.planned.object, state: "sent" });
        }
        before = new Set(underWay);
      }
    });
    yield* Effect.raceFirst(inLanes(entries, concurrency, one), tellSlow);
    if (stopped !== undefined) return { type: "stopped", stop: stopped };
    if (failed === undefined) return undefined;
    return { type: "failed", finding: withOthers(failed, others) };
  });

/** The first failure tells of those that came beside it. */
const withOthers = (
  finding: Waiter.Finding | Failed,
  others: ReadonlyArray<string>,
): Waiter.Finding | Failed => ({
  ...finding,
  evidence: [
    ...(finding.evidence ?? []),
    ...others.slice(0, 20).map((text) => ({ kind: "note" as const, text })),
  ],
});

export const leaseLost = (lost: Leases.LeaseLost): Stop => ({
  failed: {
    reason: "interrupted",
    message: `the lock was lost: ${lost.message}`,
    advice: "Another process may have taken over: look at nopea status, then deploy again.",
  },
  mayWrite: false,
});

/** What the cluster refused, as the deploy's own failure. `object`: what it was said of, where it doesn't say. */
export const failedBy = (
  failure: Partial<Omit<Failed, "message">> & { readonly message: string },
  object?: KubeObject.ObjectRef,
): Failed => ({
  // Every failure of the k8s room but one carries a reason; that one is an object of another owner.
  reason: failure.reason ?? "field_conflict",
  message: failure.message,
  object: failure.object ?? object,
  evidence: failure.evidence,
  advice: failure.advice,
});

/** Watches until the objects are ready, a reason ends the wait, the time is over, or the deploy is to stop. */
export const waitFor = (
  context: Context,
  applied: ReadonlyArray<AppliedEntry>,
): Effect.Effect<End> =>
  Effect.gen(function* () {
    const settings = yield* Settings;
    const now = yield* Clock.currentTimeMillis;
    const end = yield* Waiter.observe(
      context.cluster,
      applied.map(({ response, at }) => ({ object: response, appliedAt: at })),
      waitSettings(settings, {
        timeoutMs: context.timeoutMs,
        deadlineMs: Math.max(0, context.until - now),
      }),
    ).pipe(
      Stream.tap((observation) => tell(context, observation)),
      Stream.runFold(undefined as Waiter.Verdict | undefined, (last, observation) =>
        observation.type === "verdict" ? observation.verdict : last,
      ),
      Effect.map((verdict): End => {
        if (verdict === undefined) {
          return {
            type: "failed",
            finding: { reason: "timeout", message: "the wait ended without a verdict" },
          };
        }
        return verdict.ready
          ? { type: "ready", objects: verdict.objects }
          : { type: "failed", finding: verdict.cause };
      }),
      Effect.catchAll((failure) =>
        Effect.succeed<End>({ type: "failed", finding: failedBy(failure) }),
      ),
      Effect.raceFirst(
        Effect.map(Deferred.await(context.stop), (stop): End => ({ type: "stopped", stop })),
      ),
    );
    return end;
  });

const tell = (context: Context, observation: Waiter.Observation): Effect.Effect<void> => {
  switch (observation.type) {
    case "object": {
      const { object, ready, message } = observation;
      return context.emit({ type: "waiting", object, ready, message });
    }
    case "finding": {
      const { object, pod, container, reason, message, evidence } = observation.finding;
      return context.emit({
        type: "pod_reason",
        object,
        pod: pod ?? object.name,
        ...(container === undefined ? {} : { container }),
        reason,
        message,
        evidence,
      });
    }
    case "degraded":
      return context.degrade(observation.what, observation.message);
    case "verdict":
      return Effect.void;
  }
};
