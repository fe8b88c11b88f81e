/** Lessons as they were learnt, a page at a time. */
import type { SqlClient } from "@effect/sql/SqlClient";
import type { Service } from "@nopea/domain";
import { Effect } from "effect";
import type { Lesson } from "../Lesson.js";
import type { Filter } from "../Memory.js";
import { within } from "./graph.js";
import { changeOf, type LessonRow } from "./rows.js";

type Row = LessonRow & Service.ServiceRef;

/** The next lessons after `seq`, in the order in which they came. */
export const page = (sql: SqlClient, filter: Filter, seq: number, limit: number) =>
  Effect.map(
    sql<Row>`SELECT l.*, c.cluster, n.namespace, s.service FROM memory_lessons l
      JOIN memory_services s ON s.id = l.service
      JOIN memory_namespaces n ON n.id = l.namespace
      JOIN memory_clusters c ON c.id = l.cluster
      WHERE l.seq > ${seq} AND ${within(sql, filter)} ORDER BY l.seq LIMIT ${limit}`,
    (rows) => rows.map((row) => ({ seq: row.seq, lesson: lessonOf(row) })),
  );

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
