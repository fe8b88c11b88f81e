/** Memory as a whole: counted, and as nodes and edges. */
import type { SqlClient } from "@effect/sql/SqlClient";
import type { Fragment } from "@effect/sql/Statement";
import { type MemoryGraph, Timestamp } from "@nopea/domain";
import { Effect } from "effect";
import type { Filter } from "../Memory.js";
import * as Pairs from "../pairs/Pairs.js";
import * as Edges from "./edges.js";
import * as PairRows from "./pairRows.js";
import { confidenceOf, floor } from "./patterns.js";
import type { ClusterRow } from "./rows.js";

/** Of what is called `c`, `n` and `s`. */
export const within = (sql: SqlClient, { cluster, namespace, service }: Filter) =>
  sql.and([
    ...(cluster === undefined ? [] : [sql`c.cluster = ${cluster}`]),
    ...(namespace === undefined ? [] : [sql`n.namespace = ${namespace}`]),
    ...(service === undefined ? [] : [sql`s.service = ${service}`]),
  ]);

const services = (sql: SqlClient) => sql`memory_services s
  JOIN memory_namespaces n ON n.id = s.namespace JOIN memory_clusters c ON c.id = n.cluster`;

/**
 * A list of ids, that pairs are looked up by: joined, SQLite would rather go through all of them
 * and look each one's services up.
 */
const idsOf = (sql: SqlClient, filter: Filter) =>
  sql`(SELECT s.id FROM ${services(sql)} WHERE ${within(sql, filter)})`;

/** An edge of less than this much of an observation is no longer drawn. */
const drawnFrom = 0.05;
/** The most that is drawn at all. */
export const edgesDrawn = 5_000;

export const counts = (sql: SqlClient, filter: Omit<Filter, "service">, at: number) =>
  Effect.gen(function* () {
    const scope = within(sql, filter);
    const [all] = yield* sql<{
      namespaces: number;
      services: number;
      lessons: number | null;
      failed: number | null;
    }>`SELECT COUNT(DISTINCT n.id) AS namespaces, COUNT(*) AS services, SUM(s.learnt) AS lessons,
        SUM(s.failed) AS failed FROM ${services(sql)} WHERE s.learnt > 0 AND ${scope}`;
    const [ages] = yield* sql<{ oldest: number | null; newest: number | null }>`SELECT
        MIN((SELECT MIN(l.started) FROM memory_lessons l WHERE l.namespace = n.id)) AS oldest,
        MAX((SELECT MAX(l.started) FROM memory_lessons l WHERE l.namespace = n.id)) AS newest
      FROM memory_namespaces n JOIN memory_clusters c ON c.id = n.cluster WHERE ${scope}`;
    const breaks = yield* sql<{ broken: number; weight: number }>`
      SELECT b.weight AS broken, s.weight FROM ${services(sql)}
      JOIN memory_breaks b ON b.service = s.id WHERE ${scope}`;
    // Two services that were seen in both orders are one edge.
    const [pairs] = yield* sql<{ all: number; both: number; after: number }>`
      SELECT COUNT(*) AS "all", COUNT(*) FILTER (WHERE p.before < p.after AND EXISTS (
          SELECT 1 FROM memory_pairs q WHERE q.after = p.before AND q.before = p.after)) AS "both",
        COUNT(*) FILTER (WHERE p.failed > 0) AS after
      FROM memory_pairs p WHERE p.after IN ${idsOf(sql, filter)}`;
    const { oldest, newest } = ages ?? { oldest: null, newest: null };
    return {
      namespaces: Number(all?.namespaces ?? 0),
      services: Number(all?.services ?? 0),
      lessons: Number(all?.lessons ?? 0),
      failed: Number(all?.failed ?? 0),
      edges: {
        deployedTo: Number(all?.services ?? 0),
        breaks: breaks.length,
        deployedTogether: Number(pairs?.all ?? 0) - Number(pairs?.both ?? 0),
        breaksAfter: Number(pairs?.after ?? 0),
      },
      patterns: {
        failure: breaks.filter((one) => confidenceOf(one.broken, one.weight, at) >= floor).length,
        conditional: yield* standing(sql, filter),
      },
      ...(oldest === null ? {} : { oldest: Timestamp.fromMillis(oldest) }),
      ...(newest === null ? {} : { newest: Timestamp.fromMillis(newest) }),
    };
  });

/** How many pairs stand, each among those of its own cluster. */
const standing = (sql: SqlClient, filter: Omit<Filter, "service">) =>
  Effect.gen(function* () {
    let sum = 0;
    const clusters = yield* sql<ClusterRow>`SELECT * FROM memory_clusters c
      WHERE ${within(sql, { cluster: filter.cluster })}`;
    for (const { id, tested } of clusters) {
      const cutoff = yield* PairRows.cutoff(sql, id, tested);
      const pairs = yield* PairRows.upTo(
        sql,
        id,
        cutoff,
        within(sql, { ...filter, cluster: undefined }),
      );
      sum += pairs.filter(({ pair, all }) => !Pairs.hasStopped(PairRows.pairOf(pair, all))).length;
    }
    return sum;
  });

interface Ends {
  readonly namespace: string;
  readonly service: string;
  readonly weight: number;
  readonly observations: number;
}

/** The heaviest edges, at most `limit`, and the nodes that they join. */
export const graph = (sql: SqlClient, filter: Filter, at: number, limit: number) =>
  Effect.gen(function* () {
    const scope = within(sql, filter);
    const least = drawnFrom * Edges.weightAt(at);
    const nodes = new Map<string, MemoryGraph.GraphNode>();
    const edges: Array<MemoryGraph.GraphEdge> = [];
    const node = (one: MemoryGraph.GraphNode): string => {
      nodes.set(one.id, one);
      return one.id;
    };
    const service = (namespace: string, name: string) =>
      node({ id: `service:${namespace}/${name}`, kind: "service", name, namespace });
    const add = (relation: MemoryGraph.Relation, from: string, to: string, row: Ends) =>
      edges.push({
        relation,
        from,
        to,
        weight: Edges.fadedTo(row.weight, at),
        observations: row.observations,
      });

    const placed = yield* sql<Ends>`SELECT n.namespace, s.service, s.weight,
        s.learnt AS observations
      FROM ${services(sql)} WHERE s.learnt > 0 AND s.weight >= ${least} AND ${scope}
      ORDER BY s.weight DESC LIMIT ${limit + 1}`;
    for (const row of placed)
      add(
        "deployed_to",
        service(row.namespace, row.service),
        node({ id: `namespace:${row.namespace}`, kind: "namespace", name: row.namespace }),
        row,
      );
    const broken = yield* sql<Ends & { reason: string }>`SELECT n.namespace, s.service, b.reason,
        b.weight, b.failed AS observations
      FROM ${services(sql)} JOIN memory_breaks b ON b.service = s.id
      WHERE b.weight >= ${least} AND ${scope} ORDER BY b.weight DESC LIMIT ${limit + 1}`;
    for (const row of broken)
      add(
        "breaks",
        service(row.namespace, row.service),
        node({ id: `reason:${row.reason}`, kind: "reason", name: row.reason }),
        row,
      );
    // Either end may be the one that was asked for; both are of one namespace.
    const ids = idsOf(sql, filter);
    const either =
      filter.service === undefined
        ? sql`p.after IN ${ids}`
        : sql`(p.after IN ${ids} OR p.before IN ${ids})`;
    const named = (pairs: Fragment) => sql<Ends & { other: string }>`SELECT n.namespace, s.service,
        o.service AS other, e.weight, e.observations FROM (${pairs}) e
      JOIN memory_services s ON s.id = e.after JOIN memory_services o ON o.id = e.before
      JOIN memory_namespaces n ON n.id = s.namespace`;
    const together = yield* named(sql`SELECT p.after, p.before,
        p.weight + COALESCE(q.weight, 0) AS weight, p.learnt + COALESCE(q.learnt, 0) AS observations
      FROM memory_pairs p LEFT JOIN memory_pairs q ON q.after = p.before AND q.before = p.after
      WHERE ${either} AND (q.after IS NULL OR p.after < p.before)
        AND p.weight + COALESCE(q.weight, 0) >= ${least}
      ORDER BY weight DESC LIMIT ${limit + 1}`);
    for (const row of together) {
      const [first, second] = [row.service, row.other].toSorted() as [string, string];
      add("deployed_together", service(row.namespace, first), service(row.namespace, second), row);
    }
    const after = yield* named(sql`SELECT p.after, p.before,
        p.weight * p.failed / p.learnt AS weight, p.failed AS observations FROM memory_pairs p
      WHERE ${either} AND p.failed > 0 AND p.weight * p.failed / p.learnt >= ${least}
      ORDER BY weight DESC LIMIT ${limit + 1}`);
    for (const row of after)
      add(
        "breaks_after",
        service(row.namespace, row.service),
        service(row.namespace, row.other),
        row,
      );

    const order = (a: MemoryGraph.GraphEdge, b: MemoryGraph.GraphEdge) =>
      b.weight - a.weight || (keyOf(a) < keyOf(b) ? -1 : 1);
    const drawn = edges.toSorted(order).slice(0, limit);
    const ends = new Set(drawn.flatMap(({ from, to }) => [from, to]));
    return {
      nodes: [...nodes.values()]
        .filter(({ id }) => ends.has(id))
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
      edges: drawn,
      truncated: edges.length > limit,
    } satisfies MemoryGraph.MemoryGraph;
  });

const keyOf = ({ relation, from, to }: MemoryGraph.GraphEdge): string =>
  `${relation} ${from} ${to}`;
