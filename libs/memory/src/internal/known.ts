/** What is counted of the service that is asked about: one row, whether or not it was ever seen. */
import type { SqlClient } from "@effect/sql/SqlClient";
import type { DeployId, Service } from "@nopea/domain";
import { Effect } from "effect";
import type { Ask } from "../Memory.js";
import type * as Pairs from "../pairs/Pairs.js";
import type * as Drivers from "../risk/Drivers.js";
import * as Neighbours from "./neighbours.js";

/** The service's newest deploys, among which those by the same way are counted. */
const routeWindow = 200;

/** Ids are -1 where nothing was learnt. */
export interface Known {
  readonly clusterId: number;
  readonly namespaceId: number;
  readonly id: number;
  /** What `Checkpoints.modelOf` reads; empty where nothing was learnt. */
  readonly model: string;
  /** How many pairs of the cluster were seen often enough to be tested. */
  readonly tested: number;
  readonly learnAfter: DeployId.DeployId | null;
  readonly weight: number;
  readonly all: Pairs.Counts;
  readonly service: Drivers.Tally;
  readonly namespace: Drivers.Tally;
  readonly cluster: Drivers.Tally;
  /**
   * How the service's newest deploys by this way went; absent where the way isn't known, or where
   * there may have been one before these.
   */
  readonly route: Drivers.Tally | undefined;
  /** Milliseconds since its last deploy began. */
  readonly gap: number | undefined;
  /** How its last ones ended, as far as that was known: `o` and `F`, oldest first. */
  readonly last: string;
}

const nothing: Drivers.Tally = { deploys: 0, failed: 0 };

const unknown: Omit<Known, "route"> = {
  clusterId: -1,
  namespaceId: -1,
  id: -1,
  model: "",
  tested: 0,
  learnAfter: null,
  weight: 0,
  all: { n: 0, f: 0, e: 0 },
  service: nothing,
  namespace: nothing,
  cluster: nothing,
  gap: undefined,
  last: "",
};

interface Row {
  readonly clusterId: number;
  readonly model: string;
  readonly tested: number;
  readonly clusterLearnt: number;
  readonly clusterFailed: number;
  readonly namespaceId: number | null;
  readonly namespaceLearnt: number | null;
  readonly namespaceFailed: number | null;
  readonly id: number | null;
  readonly learnAfter: DeployId.DeployId | null;
  readonly learnt: number | null;
  readonly failed: number | null;
  readonly blamed: number | null;
  readonly expected: number | null;
  readonly weight: number | null;
  readonly byRoute: number;
  readonly failedByRoute: number;
  readonly gap: number | null;
  readonly last: string | null;
}

export const read = (sql: SqlClient, ref: Service.ServiceRef, { at, bot }: Ask) =>
  Effect.map(
    sql<Row>`WITH d AS (
        SELECT c.id AS "clusterId", c.model, c.tested, c.learnt AS "clusterLearnt",
          c.failed AS "clusterFailed", n.id AS "namespaceId", n.learnt AS "namespaceLearnt",
          n.failed AS "namespaceFailed", s.id, s.learn_after AS "learnAfter", s.learnt, s.failed,
          s.blamed, s.expected, s.weight, -1 AS seq, s.id AS service, ${at} AS started
        FROM memory_clusters c
        LEFT JOIN memory_namespaces n ON n.cluster = c.id AND n.namespace = ${ref.namespace}
        LEFT JOIN memory_services s ON s.namespace = n.id AND s.service = ${ref.service}
        WHERE c.cluster = ${ref.cluster}),
      newest AS (
        SELECT l.bot, l.failed FROM d CROSS JOIN memory_lessons l
        WHERE l.service = d.service ORDER BY l.started DESC LIMIT ${routeWindow}),
      route AS (
        SELECT COUNT(*) AS "byRoute", COALESCE(SUM(failed), 0) AS "failedByRoute" FROM newest
        WHERE bot = ${bot === undefined ? null : Number(bot)})
      SELECT d.*, route.*, ${Neighbours.ofService(sql)} FROM d CROSS JOIN route`,
    ([row]): Known => {
      const route = bot === undefined ? undefined : routeOf(row);
      return row === undefined ? { ...unknown, route } : { ...knownOf(row), route };
    },
  );

const routeOf = (row: Row | undefined): Drivers.Tally | undefined => {
  if (row === undefined) return nothing;
  const mayBeOlder = row.byRoute === 0 && (row.learnt ?? 0) > routeWindow;
  return mayBeOlder ? undefined : { deploys: row.byRoute, failed: row.failedByRoute };
};

const knownOf = (row: Row): Omit<Known, "route"> => {
  const deploys = row.learnt ?? 0;
  return {
    clusterId: row.clusterId,
    namespaceId: row.namespaceId ?? -1,
    id: row.id ?? -1,
    model: row.model,
    tested: row.tested,
    learnAfter: row.learnAfter,
    weight: row.weight ?? 0,
    all: { n: deploys, f: row.blamed ?? 0, e: row.expected ?? 0 },
    service: { deploys, failed: row.failed ?? 0 },
    namespace: { deploys: row.namespaceLearnt ?? 0, failed: row.namespaceFailed ?? 0 },
    cluster: { deploys: row.clusterLearnt, failed: row.clusterFailed },
    gap: row.gap ?? undefined,
    last: Neighbours.lettersOf(row.last),
  };
};
