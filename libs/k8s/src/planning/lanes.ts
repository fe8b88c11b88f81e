/** Many small effects, so many at once: a fiber for each lane, where `Effect.forEach` makes one for each item. */
import { Effect } from "effect";

/** The answers are in the items' order. */
export const inLanes = <A, B, E>(
  items: ReadonlyArray<A>,
  atOnce: number,
  one: (item: A, index: number) => Effect.Effect<B, E>,
): Effect.Effect<ReadonlyArray<B>, E> =>
  Effect.suspend(() => {
    const answers = new Array<B>(items.length);
    const rest = items.entries();
    const lane = Effect.gen(function* () {
      for (const [index, item] of rest) answers[index] = yield* one(item, index);
    });
    return Effect.as(
      Effect.replicateEffect(lane, Math.min(atOnce, items.length), {
        concurrency: "unbounded",
        discard: true,
      }),
      answers,
    );
  });
