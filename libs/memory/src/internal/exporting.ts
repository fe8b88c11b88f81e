/**
 * Lessons in the order in which their deploys began, a page at a time: all of a span of time, which
 * the index of each namespace finds. Spans become shorter where much was deployed, and longer where
 * little was.
 */
import type { SqlClient } from "@effect/sql/SqlClient";
import type { Service } from "@nopea/domain";
import { Effect, Option } from "effect";
import type { Lesson } from "../Lesson.js";
import type { Filter } from "../Memory.js";
import { within } from "./graph.js";
import { changeOf, type LessonRow } from "./rows.js";

type Row = LessonRow & Service.ServiceRef;

/** Where to go on, and how much at once; milliseconds. */
export interface Cursor {
  readonly from: number;
  readonly span: number;
}

const DAY = 86_400_000;
export const begin = (from: number): Cursor => ({ from, span: 30 * DAY });

/** The next lessons that began at `from` or later: about `most` of them, more only of one instant. */
export const page = (sql: SqlClient, filter: Filter, cursor: Cursor, most: number) =>
  Effect.gen(function* () {
    const { service: _, ...place } = filter;
    const namespaces = sql`memory_namespaces n JOIN memory_clusters c ON c.id = n.cluster
      WHERE ${within(sql, place)}`;
    const [first] = yield* sql<{ at: number | null }>`SELECT MIN((SELECT MIN(l.started)
      FROM memory_lessons l WHERE l.namespace = n.id AND l.started >= ${cursor.from})) AS at
      FROM ${namespaces}`;
    if (first === undefined || first.at === null) return Option.none();
    const from = first.at;
    const during = (span: number) => sql`l.namespace IN (SELECT n.id FROM ${namespaces})
      AND l.started >= ${from} AND l.started < ${from + span}`;
    let { span } = cursor;
    let count = 0;
    for (;;) {
      const [row] = yield* sql<{ n: number }>`SELECT COUNT(*) AS n FROM (
        SELECT 1 FROM memory_lessons l WHERE ${during(span)} LIMIT ${most + 1})`;
      count = Number(row?.n ?? 0);
      if (count <= most || span === 1) break;
      span = Math.max(1, Math.floor(span / 2));
    }
    const rows = yield* sql<Row>`SELECT l.*, c.cluster, n.namespace, s.service
      FROM memory_lessons l JOIN memory_services s ON s.id = l.service
      JOIN memory_namespaces n ON n.id = l.namespace JOIN memory_clusters c ON c.id = n.cluster
      WHERE ${during(span)} AND ${within(sql, filter)} ORDER BY l.started, l.id`;
    const next = { from: from + span, span: count < most / 4 ? span * 2 : span };
    return Option.some({ lessons: rows.map(lessonOf), next });
  });

const lessonOf = (row: Row): Lesson => {
  const change = changeOf(row);
  return {
    id: row.id,
    ref: {
      cluster: row.cluster,
      namespace: row.namespace,
      service: row.service,
    } as Service.ServiceRef,
    startedAt: row.started,
    revealedAt: row.revealed,
    ...(change === undefined ? {} : { change }),
    strategy: row.strategy,
    ...(row.bot === null ? {} : { bot: row.bot === 1 }),
    isRevert: row.revert === 1,
    failed: row.failed === 1,
    ...(row.reason === null ? {} : { reason: row.reason }),
    source: row.source,
  };
};
