/**
 * What was learnt from every deploy that ended: how likely the next one is to fail and why, what
 * breaks a service, and what is deployed with it. All of it is a function of the lessons alone:
 * stores that were fed the same outcomes, in whatever order, say the same. Nothing is read from a
 * cluster here; and what can't be written or read is the store's one failure.
 */
import type { SqlClient } from "@effect/sql/SqlClient";
import type { DeployContext, DeployId, MemoryGraph, Service } from "@nopea/domain";
import { type DeployRow, Store, type StoreError } from "@nopea/store";
import { Chunk, Clock, Context, Effect, Layer, Option, Stream } from "effect";
import * as DeployContexts from "./internal/context.js";
import * as Exporting from "./internal/exporting.js";
import * as Forgetting from "./internal/forgetting.js";
import * as Graph from "./internal/graph.js";
import * as Learning from "./internal/learning.js";
import * as Outcomes from "./internal/outcomes.js";
import { type ChangeFacts, fromRow, type Lesson } from "./Lesson.js";

type StoreUnavailable = StoreError.StoreUnavailable;

/** Whose memory; all there is without it. */
export interface Filter {
  readonly cluster?: Service.ClusterId | undefined;
  readonly namespace?: Service.Namespace | undefined;
  readonly service?: Service.ServiceName | undefined;
}

/** The deploy that is asked about. What isn't known of it speaks neither for failure nor against it. */
export interface Ask {
  /** When it begins; milliseconds since the epoch. */
  readonly at: number;
  /** `last`: one like the service's last, as far as one is known. */
  readonly change?: ChangeFacts | "last" | undefined;
  /** Asked for by a pipeline or an agent. */
  readonly bot?: boolean | undefined;
  /** It is itself a step back; false where it isn't said. */
  readonly isRevert?: boolean | undefined;
}

/** How many lessons were new, and how many replaced one that ended otherwise. */
export interface Imported {
  readonly added: number;
  readonly revised: number;
}

export class Memory extends Context.Tag("@nopea/memory/Memory")<
  Memory,
  {
    /**
     * Takes in outcomes of the deploys table that were not learnt yet, at most 10,000, in one
     * transaction (or as a part of the caller's); answers how many lessons that made or brought
     * further. Any number of processes may do so at once: each outcome is learnt once.
     */
    readonly learn: Effect.Effect<number, StoreUnavailable>;
    /**
     * Learns these rows of the deploys table, which the caller has written as learnt in the
     * transaction that this is a part of: they needn't be read again.
     */
    readonly learnRows: (
      rows: ReadonlyArray<DeployRow.DeployRow>,
    ) => Effect.Effect<void, StoreUnavailable>;
    /** Learns until nothing is left, a transaction at a time. Not to be called inside one. */
    readonly catchUp: Effect.Effect<number, StoreUnavailable>;
    /** What memory says before a deploy. It reads what is learnt: `learn` comes first. */
    readonly context: (
      ref: Service.ServiceRef,
      ask: Ask,
    ) => Effect.Effect<DeployContext.DeployContext, StoreUnavailable>;
    readonly stats: (
      filter: Omit<Filter, "service">,
    ) => Effect.Effect<MemoryGraph.MemoryStats, StoreUnavailable>;
    /**
     * The heaviest edges, at most `limit` and never more than 5,000. Names are unique within a
     * cluster: give one where there are more.
     */
    readonly graph: (
      filter: Filter,
      limit?: number,
    ) => Effect.Effect<MemoryGraph.MemoryGraph, StoreUnavailable>;
    /**
     * A service's outcomes up to this deploy are history from now on, never lessons: those that
     * were learnt are taken back, those that come are not learnt. A mark never moves back, so that
     * a ledger's `learn_after` may be given as often as it is read. Answers how many lessons went.
     */
    readonly forget: (
      ref: Service.ServiceRef,
      upTo: DeployId.DeployId,
    ) => Effect.Effect<number, StoreUnavailable>;
    /**
     * Learns what is new by its id, and isn't forgotten. What was imported before and ended
     * otherwise than was known replaces it, as if only that had been imported: of lessons with one
     * id the last stands. A deploy's own lesson is never replaced.
     */
    readonly importLessons: (
      lessons: ReadonlyArray<Lesson>,
    ) => Effect.Effect<Imported, StoreUnavailable>;
    /**
     * Every lesson whose deploy began at `from` (milliseconds since the epoch) or later, in the
     * order in which they began, then of their ids; a page at a time is held.
     */
    readonly exportLessons: (
      filter: Filter,
      from?: number,
    ) => Stream.Stream<Lesson, StoreUnavailable>;
  }
>() {}

/** Outcomes, or lessons that are imported, in one transaction. */
const atOnce = 10_000;
const pageSize = 1_000;

export const make = Effect.map(Store.Store, (store) => {
  const learn = Effect.gen(function* () {
    const isBehind = yield* store.read((sql) =>
      Effect.if(Outcomes.areAny(sql), {
        onTrue: () => Effect.succeed(true),
        onFalse: () => Effect.map(Learning.waiting(sql), (clusters) => clusters.length > 0),
      }),
    );
    if (!isBehind) return 0;
    return yield* store.transaction((sql) =>
      Effect.gen(function* () {
        const { count, lessons } = yield* Outcomes.take(sql, atOnce);
        yield* addAll(sql, lessons);
        return count + (yield* Learning.goOn(sql));
      }),
    );
  }).pipe(Effect.withSpan("Memory.learn"));

  const catchUp = Effect.iterate(
    { sum: 0, last: 1 },
    {
      while: ({ last }) => last > 0,
      body: ({ sum }) => Effect.map(learn, (last) => ({ sum: sum + last, last })),
    },
  ).pipe(
    Effect.map(({ sum }) => sum),
    Effect.withSpan("Memory.catchUp"),
  );

  const importSome = (lessons: ReadonlyArray<Lesson>) =>
    store.transaction((sql) => addAll(sql, lessons));

  return Memory.of({
    learn,
    learnRows: Effect.fn("Memory.learnRows")((rows) =>
      store.transaction((sql) =>
        addAll(
          sql,
          rows.flatMap((row) => fromRow(row) ?? []),
        ),
      ),
    ),
    catchUp,
    // No span of its own: it would be an eighth of what a context leaves to the garbage collector,
    // and who asks for one has a span already.
    context: (ref, ask) => store.read((sql) => DeployContexts.context(sql, ref, ask)),
    stats: Effect.fn("Memory.stats")(function* (filter) {
      const { path, size, writable } = yield* store.health;
      const now = yield* Clock.currentTimeMillis;
      const counts = yield* store.read((sql) => Graph.counts(sql, filter, now));
      const waiting = yield* store.read(Outcomes.count);
      const health = writable ? (waiting > 0 ? "behind" : "ok") : "read_only";
      return { health, path, sizeBytes: size, waiting, ...counts } as const;
    }),
    graph: Effect.fn("Memory.graph")(function* (filter, limit = Graph.edgesDrawn) {
      const now = yield* Clock.currentTimeMillis;
      const most = Math.min(limit, Graph.edgesDrawn);
      return yield* store.read((sql) => Graph.graph(sql, filter, now, most));
    }),
    forget: Effect.fn("Memory.forget")((ref, upTo) =>
      Effect.if(
        store.read((sql) => Forgetting.isForgotten(sql, ref, upTo)),
        {
          onTrue: () => Effect.succeed(0),
          onFalse: () => store.transaction((sql) => Forgetting.forget(sql, ref, upTo)),
        },
      ),
    ),
    importLessons: Effect.fn("Memory.importLessons")(function* (lessons) {
      const last = [
        ...new Map(lessons.map((one) => [`${one.ref.cluster} ${one.id}`, one])).values(),
      ];
      let sum = none;
      for (let from = 0; from < last.length; from += atOnce)
        sum = plus(sum, yield* importSome(last.slice(from, from + atOnce)));
      yield* catchUp;
      return sum;
    }),
    exportLessons: (filter, from = 0) =>
      Stream.paginateChunkEffect(Exporting.begin(from), (cursor) =>
        Effect.map(
          store.read((sql) => Exporting.page(sql, filter, cursor, pageSize)),
          Option.match({
            onNone: () => [Chunk.empty<Lesson>(), Option.none<Exporting.Cursor>()] as const,
            onSome: ({ lessons, next }) =>
              [Chunk.unsafeFromArray(lessons), Option.some(next)] as const,
          }),
        ),
      ),
  });
});

export const layer: Layer.Layer<Memory, never, Store.Store> = Layer.effect(Memory, make);

const none: Imported = { added: 0, revised: 0 };
const plus = (a: Imported, b: Imported): Imported => ({
  added: a.added + b.added,
  revised: a.revised + b.revised,
});

const addAll = (sql: SqlClient, lessons: ReadonlyArray<Lesson>) =>
  Effect.gen(function* () {
    let sum = none;
    for (const [cluster, some] of byCluster(lessons))
      sum = plus(sum, yield* Learning.add(sql, cluster, some));
    return sum;
  });

const byCluster = (lessons: ReadonlyArray<Lesson>): ReadonlyMap<string, ReadonlyArray<Lesson>> => {
  const clusters = new Map<string, Array<Lesson>>();
  for (const lesson of lessons) {
    const known = clusters.get(lesson.ref.cluster);
    if (known === undefined) clusters.set(lesson.ref.cluster, [lesson]);
    else known.push(lesson);
  }
  return clusters;
};
