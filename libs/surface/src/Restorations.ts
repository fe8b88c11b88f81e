/**
 * How every operation ends, as far as memory is concerned: one that writes looks after the store,
 * and what had to be restored of it meanwhile is said in the answer, whichever operation it is.
 */
import type { DeployResult, Progress } from "@nopea/domain";
import { Restoration } from "@nopea/store";
import { Effect, Stream } from "effect";
import { NotFound } from "./NotFound.js";
import type * as Operation from "./Operation.js";
import { Session } from "./Session.js";

/** What every answer has. */
export interface Marks {
  readonly degraded: ReadonlyArray<DeployResult.Degraded>;
  readonly warnings: ReadonlyArray<string>;
}

/** Answers an effect: what was restored since, one sentence each. */
export const watch = Effect.gen(function* () {
  const { store } = yield* Session;
  const { length } = yield* store.restorations;
  return Effect.map(store.restorations, (all) => all.slice(length).map(Restoration.describe));
});

const marked = <Answer extends Marks>(answer: Answer, news: ReadonlyArray<string>): Answer =>
  news.length === 0
    ? answer
    : {
        ...answer,
        degraded: [...new Set([...answer.degraded, "memory" as const])],
        warnings: [...new Set([...news, ...answer.warnings])],
      };

/** That nobody is known by a name may be for want of what was lost. */
const explained = <Failure>(failure: Failure, news: ReadonlyArray<string>): Failure =>
  news.length > 0 && failure instanceof NotFound
    ? (new NotFound({
        ...failure,
        message: [failure.message, ...news].join("; "),
      }) as typeof failure)
    : failure;

/** What can't be done of it is done after the next one that writes. */
const lookAfter = (impact: Operation.Impact) =>
  Effect.gen(function* () {
    if (impact === "read") return;
    const { store } = yield* Session;
    yield* Effect.catchAll(store.upkeep, ({ message }) => Effect.logWarning(message));
  });

/** An operation that answers once. */
export const told = <Answer extends Marks, Failure>(
  impact: Operation.Impact,
  work: Effect.Effect<Answer, Failure, Session>,
): Effect.Effect<Answer, Failure, Session> =>
  Effect.flatMap(watch, (since) =>
    Effect.matchEffect(work, {
      onSuccess: (answer) =>
        Effect.map(Effect.zipRight(lookAfter(impact), since), (news) => marked(answer, news)),
      onFailure: (failure) =>
        Effect.flatMap(since, (news) => Effect.fail(explained(failure, news))),
    }),
  );

/** An operation that answers with events, of which the last holds the result. */
export const toldInTheEnd = <Failure>(
  impact: Operation.Impact,
  events: Stream.Stream<Progress.Progress, Failure, Session>,
): Stream.Stream<Progress.Progress, Failure, Session> =>
  Stream.unwrap(
    Effect.map(watch, (since) =>
      Stream.mapEffect(events, (event): Effect.Effect<Progress.Progress, never, Session> =>
        event.type === "outcome"
          ? Effect.map(Effect.zipRight(lookAfter(impact), since), (news) => ({
              ...event,
              result: marked(event.result, news),
            }))
          : Effect.succeed(event),
      ),
    ),
  );
