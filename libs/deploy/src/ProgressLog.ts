/**
 * The events of one deploy on their way: numbered, given to whoever reads the stream, and those
 * that are to last written to the store, one after the other and beside the work. A store that
 * fails is told to the deploy once and asked no more.
 */
import { type DeployId, KubeObject, Progress, Timestamp } from "@nopea/domain";
import type { Deploys, StoreError } from "@nopea/store";
import { Clock, Effect, Fiber, Option, Queue, type Scope } from "effect";

/** At most four `waiting` a second for each object, in milliseconds. */
const liveEveryMs = 250;

export interface ProgressLog {
  readonly emit: (body: Progress.ProgressBody) => Effect.Effect<void>;
  /** Waits until all that is to last is in the store; answers why it isn't. */
  readonly flush: Effect.Effect<Option.Option<StoreError.StoreUnavailable>>;
}

export const make = (
  id: DeployId.DeployId,
  deploys: typeof Deploys.Deploys.Service,
  deliver: (event: Progress.Progress) => void,
): Effect.Effect<ProgressLog, never, Scope.Scope> =>
  Effect.gen(function* () {
    let seq = -1;
    const shown = new Map<string, { readonly at: number; readonly ready: boolean }>();
    const toStore = yield* Queue.unbounded<Option.Option<Progress.Progress>>();

    const store = Effect.gen(function* () {
      let failure = Option.none<StoreError.StoreUnavailable>();
      for (;;) {
        const event = yield* Queue.take(toStore);
        if (Option.isNone(event)) return failure;
        if (Option.isSome(failure)) continue;
        const added = yield* Effect.either(deploys.addProgress(event.value));
        if (added._tag === "Left") failure = Option.some(added.left);
      }
    });
    const storing = yield* Effect.forkScoped(store);

    const isTooSoon = (body: Progress.ProgressBody, now: number): boolean => {
      if (body.type !== "waiting") return false;
      const key = KubeObject.refKey(body.object);
      const last = shown.get(key);
      if (last !== undefined && last.ready === body.ready && now - last.at < liveEveryMs)
        return true;
      shown.set(key, { at: now, ready: body.ready });
      return false;
    };

    // One effect for each event: a large set has thousands.
    const emit = (body: Progress.ProgressBody) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        if (isTooSoon(body, now)) return;
        const lasts = Progress.isStored(body);
        if (lasts) seq += 1;
        const event = {
          ...body,
          deployId: id,
          seq: Math.max(0, seq),
          at: Timestamp.fromMillis(now),
        } as Progress.Progress;
        deliver(event);
        if (lasts) toStore.unsafeOffer(Option.some(event));
      });

    return {
      emit,
      flush: Effect.zipRight(Queue.offer(toStore, Option.none()), Fiber.join(storing)),
    };
  });
