/**
 * The outcomes of the deploys table that memory has not learnt yet, as lessons. Read straight from
 * the columns: ledgers bring thousands at a time, of whose rows little matters here.
 */
import type { SqlClient } from "@effect/sql/SqlClient";
import { Outcome } from "@nopea/domain";
import { Effect, Schema } from "effect";
import * as Lesson from "../Lesson.js";
import { chunked } from "./rows.js";

interface Columns {
  readonly id: string;
  readonly cluster: string;
  readonly namespace: string;
  readonly service: string;
  readonly strategy: string;
  readonly accepted_at: string;
  readonly ended_at: string | null;
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly rollback_of: string | null;
  readonly change: string | null;
  readonly who: string | null;
}

/** Word for word the condition of the index `deploys_unlearned`, or SQLite doesn't use it. */
const isUnlearned = "learned = 0 AND state = 'ended' AND unchanged = 0";

const isOutcome = Schema.is(Outcome.Outcome);

export const areAny = (sql: SqlClient) =>
  Effect.map(
    sql`SELECT 1 FROM deploys WHERE ${sql.literal(isUnlearned)} LIMIT 1`,
    (rows) => rows.length > 0,
  );

export const count = (sql: SqlClient) =>
  Effect.map(
    sql<{ n: number }>`SELECT COUNT(*) AS n FROM deploys WHERE ${sql.literal(isUnlearned)}`,
    ([row]) => Number(row?.n ?? 0),
  );

/** The first to be learnt, marked as learnt; those that can't be read are left out, by name. */
export const take = (sql: SqlClient, limit: number) =>
  Effect.gen(function* () {
    const rows = yield* sql<
      Columns & { readonly seq: number }
    >`SELECT seq, id, cluster, namespace, service, strategy, accepted_at,
        ended_at, outcome, reason, rollback_of, change, who
      FROM deploys WHERE ${sql.literal(isUnlearned)} ORDER BY ended_at, id LIMIT ${limit}`;
    for (const some of chunked(rows, 5_000))
      yield* sql`UPDATE deploys SET learned = 1 WHERE ${sql.in(
        "seq",
        some.map(({ seq }) => seq),
      )}`;
    const lessons: Array<Lesson.Lesson> = [];
    for (const row of rows) {
      const lesson = lessonOf(row);
      if (lesson === undefined)
        yield* Effect.logWarning(
          `deploy ${row.id} can't be read from the store: nothing is learnt`,
        );
      else lessons.push(lesson);
    }
    return { count: rows.length, lessons };
  });

const lessonOf = (row: Columns): Lesson.Lesson | undefined => {
  try {
    return Lesson.fromRow(rowOf(row));
  } catch {
    return undefined;
  }
};

const parsed = (text: string | null): unknown =>
  text === null ? undefined : (JSON.parse(text) as unknown);

/** As the store wrote it; throws where it isn't. */
const rowOf = (it: Columns): Lesson.Ended => {
  if (!isOutcome(it.outcome)) throw new Error("no outcome");
  const { cluster, namespace, service } = it;
  return {
    id: it.id,
    ref: { cluster, namespace, service },
    state: "ended",
    unchanged: false,
    strategy: it.strategy,
    acceptedAt: it.accepted_at,
    endedAt: it.ended_at ?? undefined,
    outcome: it.outcome,
    reason: it.reason ?? undefined,
    rollbackOf: it.rollback_of ?? undefined,
    change: parsed(it.change),
    who: parsed(it.who),
  } as Lesson.Ended;
};
