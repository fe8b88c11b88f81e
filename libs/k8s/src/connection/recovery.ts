/**
 * When a request that failed is sent again, and after how long: exponential back-off with jitter
 * and a cap. A server that has never answered is not waited for.
 */
import { Clock, Duration, Effect, Random } from "effect";
import type { Status } from "./classify.js";
import { recovery } from "./classify.js";
import type { Unanswered } from "./transport.js";

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;
/** How long one request is tried in all: an API server restarts within this. */
const PATIENCE_MS = 30_000;
/** The same for what is mended in a moment or not at all. */
const BRIEF_PATIENCE_MS = 3_000;
/** A server that asks for more than this is not going to answer this command. */
const LONGEST_RETRY_AFTER_MS = 30_000;

/** One failed try. `race`: somebody else wrote at the same moment, and nothing was compared. */
export type Failure =
  | { readonly type: "unanswered"; readonly error: Unanswered }
  | { readonly type: "status"; readonly status: Status; readonly race: boolean };

export interface Situation {
  readonly verb: string;
  /** The same request twice does what one does. */
  readonly repeatable: boolean;
  readonly hasAnswered: boolean;
  /** False: the caller waits and tries again itself; only a connection that was closed while idle is made anew. */
  readonly patient: boolean;
  /** 0 for the first try. */
  readonly tries: number;
  readonly elapsedMs: number;
}

/** Milliseconds to wait before the next try at least (jitter adds to it), or none where there shall be none. */
export const waitFor = (failure: Failure, situation: Situation): number | undefined => {
  const { tries, elapsedMs } = situation;
  const backOff = Math.min(FIRST_WAIT_MS * 2 ** tries, LONGEST_WAIT_MS);
  const within = (patience: number, wait = backOff) =>
    elapsedMs + wait <= patience ? wait : undefined;
  if (failure.type === "unanswered") {
    const { kind } = failure.error;
    if (kind === "trust") return undefined;
    if (!situation.hasAnswered) {
      // A first request that was cut may have met a server that was just starting: one more try.
      return kind === "broken" && tries === 0 && situation.repeatable && elapsedMs < 1_000
        ? backOff
        : undefined;
    }
    // What never got there can always be sent again; what may have got there, only if it is harmless.
    if (kind === "broken" && !situation.repeatable) return undefined;
    // An idle connection that the server had closed: nothing to wait for.
    if (kind === "broken" && tries === 0) return 0;
    return situation.patient ? within(PATIENCE_MS) : undefined;
  }
  if (!situation.patient) return undefined;
  if (failure.race) return tries < 5 ? Math.min(backOff, 400) : undefined;
  const { status } = failure;
  switch (recovery(status, situation.verb)) {
    case "never":
      return undefined;
    case "brief":
      return within(BRIEF_PATIENCE_MS);
    case "later": {
      const asked = status.retryAfter === undefined ? undefined : status.retryAfter * 1_000;
      if (asked !== undefined && asked > LONGEST_RETRY_AFTER_MS) return undefined;
      return within(PATIENCE_MS, Math.max(asked ?? 0, backOff));
    }
  }
};

/** The server took the request, and didn't say what became of it. */
const mayHaveBeenDone = (failure: Failure): boolean =>
  failure.type === "unanswered" ? failure.error.kind === "broken" : failure.status.code >= 500;

/** Runs `attempt` until it succeeds, fails with an error of its own, or `waitFor` says stop. It is told whether an earlier try may have got through. */
export const repeatedly = <A, E extends { readonly _tag: string }>(
  attempt: (maybeDone: boolean) => Effect.Effect<A, Failure | E>,
  about: {
    readonly verb: string;
    readonly repeatable: boolean;
    readonly patient: boolean;
    readonly hasAnswered: Effect.Effect<boolean>;
  },
): Effect.Effect<A, Failure | E> =>
  Effect.flatMap(Clock.currentTimeMillis, (startedMs) => {
    const from = (tries: number, maybeDone: boolean): Effect.Effect<A, Failure | E> =>
      Effect.catchAll(attempt(maybeDone), (failure) =>
        "_tag" in failure ? Effect.fail(failure) : again(failure, tries, maybeDone),
      );
    const again = (
      failure: Failure,
      tries: number,
      maybeDone: boolean,
    ): Effect.Effect<A, Failure | E> =>
      Effect.gen(function* () {
        const nowMs = yield* Clock.currentTimeMillis;
        const wait = waitFor(failure, {
          verb: about.verb,
          repeatable: about.repeatable,
          patient: about.patient,
          hasAnswered: yield* about.hasAnswered,
          tries,
          elapsedMs: nowMs - startedMs,
        });
        if (wait === undefined) return yield* Effect.fail(failure);
        if (wait > 0) {
          const jitter = yield* Random.nextRange(1, 1.5);
          yield* Effect.sleep(Duration.millis(wait * jitter));
        }
        return yield* from(tries + 1, maybeDone || mayHaveBeenDone(failure));
      });
    return from(0, false);
  });
