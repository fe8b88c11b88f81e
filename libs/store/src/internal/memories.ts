/**
 * What memory keeps of a cluster, under its new name. Where something is kept under that name
 * already, the lessons are joined, and the figures are left to be learnt anew from them.
 */
import type { SqlClient } from "@effect/sql/SqlClient";
import { Effect } from "effect";

/** The version of no learner: whoever learns next begins anew. */
const toBeLearntAnew = 0;

export const isKept = (sql: SqlClient, cluster: string) =>
  Effect.map(
    sql`SELECT 1 FROM memory_clusters WHERE cluster = ${cluster}`,
    (rows) => rows.length > 0,
  );

export const rename = (sql: SqlClient, from: string, to: string) =>
  Effect.gen(function* () {
    const rows = yield* sql<{ id: number; cluster: string }>`SELECT id, cluster
      FROM memory_clusters WHERE ${sql.in("cluster", [from, to])}`;
    const old = rows.find(({ cluster }) => cluster === from)?.id;
    const kept = rows.find(({ cluster }) => cluster === to)?.id;
    if (old === undefined) return;
    if (kept === undefined) {
      yield* sql`UPDATE memory_clusters SET cluster = ${to} WHERE id = ${old}`;
      return;
    }
    yield* join(sql, old, kept);
  });

const join = (sql: SqlClient, old: number, kept: number) =>
  Effect.gen(function* () {
    yield* sql`INSERT INTO memory_namespaces (cluster, namespace, learnt, failed)
      SELECT ${kept}, namespace, 0, 0 FROM memory_namespaces WHERE cluster = ${old}
      ON CONFLICT (cluster, namespace) DO NOTHING`;
    const moves = sql`SELECT s.id AS old, s.service, s.learn_after, m.id AS namespace
      FROM memory_namespaces n
      JOIN memory_services s ON s.namespace = n.id
      JOIN memory_namespaces m ON m.cluster = ${kept} AND m.namespace = n.namespace
      WHERE n.cluster = ${old}`;
    // The later mark stands: what was forgotten under either name stays so.
    yield* sql`INSERT INTO memory_services
        (namespace, service, learn_after, learnt, failed, blamed, expected, weight)
      SELECT namespace, service, learn_after, 0, 0, 0, 0, 0 FROM (${moves}) WHERE true
      ON CONFLICT (namespace, service) DO UPDATE SET learn_after = CASE
        WHEN memory_services.learn_after IS NULL OR excluded.learn_after > memory_services.learn_after
        THEN COALESCE(excluded.learn_after, memory_services.learn_after)
        ELSE memory_services.learn_after END`;
    yield* sql`DELETE FROM memory_lessons WHERE cluster = ${old}
      AND id IN (SELECT id FROM memory_lessons WHERE cluster = ${kept})`;
    yield* sql`WITH moved AS (
        SELECT m.old, m.namespace, s.id AS service FROM (${moves}) m
        JOIN memory_services s ON s.namespace = m.namespace AND s.service = m.service)
      UPDATE memory_lessons SET cluster = ${kept}, namespace = moved.namespace,
        service = moved.service
      FROM moved WHERE memory_lessons.service = moved.old`;
    const services = sql`SELECT s.id FROM memory_namespaces n
      JOIN memory_services s ON s.namespace = n.id WHERE n.cluster = ${old}`;
    yield* sql`DELETE FROM memory_breaks WHERE service IN (${services})`;
    yield* sql`DELETE FROM memory_services WHERE id IN (${services})`;
    for (const table of ["memory_namespaces", "memory_rates", "memory_models", "memory_pairs"])
      yield* sql`DELETE FROM ${sql(table)} WHERE cluster = ${old}`;
    yield* sql`DELETE FROM memory_clusters WHERE id = ${old}`;
    yield* sql`UPDATE memory_clusters SET version = ${toBeLearntAnew} WHERE id = ${kept}`;
  });
