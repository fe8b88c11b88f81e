/** Clusters, namespaces and services by name: found, or made where they are new. */
import type { SqlClient } from "@effect/sql/SqlClient";
import { Effect } from "effect";
import { chunked, type ClusterRow, type Place, start, tuples, version } from "./rows.js";

export interface Name {
  readonly namespace: string;
  readonly service: string;
}

export const keyOf = ({ namespace, service }: Name): string => `${namespace}/${service}`;

export const findCluster = (sql: SqlClient, cluster: string) =>
  Effect.map(
    sql<ClusterRow>`SELECT * FROM memory_clusters WHERE cluster = ${cluster}`,
    ([row]): ClusterRow | undefined => row,
  );

export const cluster = (sql: SqlClient, name: string) =>
  Effect.gen(function* () {
    const known = yield* findCluster(sql, name);
    if (known !== undefined) return known;
    const [row] = yield* sql<ClusterRow>`INSERT INTO memory_clusters ${sql.insert({
      cluster: name,
      version,
      learnt: 0,
      failed: 0,
      revealed: start.revealed,
      lesson: start.id,
      model: "",
      tested: 0,
    })} RETURNING *`;
    return row as ClusterRow;
  });

const columns = (sql: SqlClient) =>
  sql.literal(`s.id, s.namespace AS "namespaceId", n.namespace, s.service,
    s.learn_after AS "learnAfter"`);

/** Those that memory knows, by `keyOf`. */
export const find = (sql: SqlClient, clusterId: number, names: ReadonlyArray<Name>) =>
  Effect.gen(function* () {
    const found = new Map<string, Place>();
    const unique = new Map(names.map((name) => [keyOf(name), name]));
    for (const some of chunked([...unique.values()], 1_000)) {
      const rows = yield* sql<Place>`
        WITH d (namespace, service) AS (VALUES ${tuples(
          sql,
          some.map(({ namespace, service }) => [namespace, service]),
        )})
        SELECT ${columns(sql)} FROM d
        JOIN memory_namespaces n ON n.cluster = ${clusterId} AND n.namespace = d.namespace
        JOIN memory_services s ON s.namespace = n.id AND s.service = d.service`;
      for (const place of rows) found.set(keyOf(place), place);
    }
    return found;
  });

/** All of them, by `keyOf`; the new ones are made. */
export const ensure = (sql: SqlClient, clusterId: number, names: ReadonlyArray<Name>) =>
  Effect.gen(function* () {
    const known = yield* find(sql, clusterId, names);
    const unknown = names.filter((name) => !known.has(keyOf(name)));
    if (unknown.length === 0) return known;
    const missing = [...new Map(unknown.map((name) => [keyOf(name), name])).values()];
    for (const some of chunked([...new Set(missing.map(({ namespace }) => namespace))], 1_000))
      yield* sql`INSERT INTO memory_namespaces ${sql.insert(
        some.map((namespace) => ({ cluster: clusterId, namespace, learnt: 0, failed: 0 })),
      )} ON CONFLICT (cluster, namespace) DO NOTHING`;
    for (const some of chunked(missing, 1_000))
      yield* sql`WITH d (namespace, service) AS (VALUES ${tuples(
        sql,
        some.map(({ namespace, service }) => [namespace, service]),
      )})
      INSERT INTO memory_services
        (namespace, service, learnt, failed, blamed, expected, weight)
      SELECT n.id, d.service, 0, 0, 0, 0, 0 FROM d
      JOIN memory_namespaces n ON n.cluster = ${clusterId} AND n.namespace = d.namespace
      WHERE true ON CONFLICT (namespace, service) DO NOTHING`;
    return yield* find(sql, clusterId, names);
  });

export const byId = (sql: SqlClient, ids: Iterable<number>) =>
  Effect.gen(function* () {
    const places = new Map<number, Place>();
    for (const some of chunked([...new Set(ids)], 5_000)) {
      const rows = yield* sql<Place>`SELECT ${columns(sql)} FROM memory_services s
        JOIN memory_namespaces n ON n.id = s.namespace WHERE s.id IN ${sql.in(some)}`;
      for (const place of rows) places.set(place.id, place);
    }
    return places;
  });
