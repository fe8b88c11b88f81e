/** What memory says of a service before a deploy, from a handful of indexed reads. */
import type { SqlClient } from "@effect/sql/SqlClient";
import { type DeployContext, type Reason, type Service, Timestamp } from "@nopea/domain";
import { Effect } from "effect";
import type { ChangeFacts } from "../Lesson.js";
import type { Ask } from "../Memory.js";
import * as Drivers from "../risk/Drivers.js";
import * as Features from "../risk/Features.js";
import * as Model from "../risk/Model.js";
import * as Rates from "../risk/Rates.js";
import type { Situation } from "../risk/Situation.js";
import * as Pairs from "../pairs/Pairs.js";
import { recommendationsOf } from "./advice.js";
import { readRates } from "./book.js";
import * as Checkpoints from "./checkpoints.js";
import * as Neighbours from "./neighbours.js";
import * as PairRows from "./pairRows.js";
import * as Patterns from "./patterns.js";
import * as Places from "./places.js";
import type { ClusterRow } from "./rows.js";

/** How many of the last outcomes are listed, and how many of those the risk is said with. */
const outcomesListed = 10;
const outcomesSaid = 8;

/** The service's newest deploys, among which those by the same way are counted. */
const routeWindow = 200;

/** The counts of what was asked about; `id` is -1 where nothing was learnt of it. */
interface Known {
  readonly id: number;
  readonly namespaceId: number;
  readonly learnAfter: string | null;
  readonly weight: number;
  readonly all: Pairs.Counts;
  readonly service: Drivers.Tally;
  readonly namespace: Drivers.Tally;
  readonly cluster: Drivers.Tally;
}

const nothing: Drivers.Tally = { deploys: 0, failed: 0 };

const unknown: Known = {
  id: -1,
  namespaceId: -1,
  learnAfter: null,
  weight: 0,
  all: { n: 0, f: 0, e: 0 },
  service: nothing,
  namespace: nothing,
  cluster: nothing,
};

/** As many as are left of those that fade over years: small counts are what they were. */
const tallyOf = (rates: ReadonlyMap<string, Rates.Rate>, key: string, at: number) => {
  const { n, f } = Rates.longAt(rates.get(key), key, at);
  return { deploys: Math.round(n), failed: Math.round(f) };
};

/** What kind of change the service's newest deploy was; undefined where nobody knows. */
const lastChange = (sql: SqlClient, service: number) =>
  Effect.map(
    sql<ChangeFacts>`SELECT kind, semver, objects, lines FROM memory_lessons
      WHERE service = ${service} AND kind IS NOT NULL ORDER BY started DESC, id DESC LIMIT 1`,
    ([row]): ChangeFacts | undefined => row,
  );

export const context = (sql: SqlClient, ref: Service.ServiceRef, ask: Ask) =>
  Effect.gen(function* () {
    const cluster = yield* Places.findCluster(sql, ref.cluster);
    const known = cluster === undefined ? unknown : yield* counts(sql, cluster, ref);
    const before = yield* together(sql, ref, known, ask.at);
    const near = (yield* Neighbours.find(sql, [
      { seq: -1, namespace: known.namespaceId, service: known.id, started: ask.at },
    ])).get(-1);
    const situation: Situation = {
      service: ref.service,
      namespace: ref.namespace,
      at: ask.at,
      change: ask.change === "last" ? yield* lastChange(sql, known.id) : ask.change,
      bot: ask.bot,
      isRevert: ask.isRevert ?? false,
      gapMs: near?.gap ?? undefined,
      together: before.map(({ service }) => service),
      lastFailed: [...(near?.last ?? "")].map((letter) => letter === "F"),
    };

    const rates =
      cluster === undefined
        ? new Map<string, Rates.Rate>()
        : yield* readRates(sql, cluster.id, Features.keysOf(situation));
    const pairs = yield* pairsBefore(sql, known, before);
    const names = new Map(pairs.map(({ id, service }) => [String(id), service]));
    const parts = Pairs.strongest(
      PairRows.partsOf(
        pairs.map(({ pair }) => pair),
        known.all,
      ).map((part) => ({ ...part, service: names.get(part.service) ?? part.service })),
    );
    const assessment = Model.assess(
      Checkpoints.modelOf(cluster?.model ?? ""),
      situation,
      (key) => rates.get(key),
      parts,
    );

    const outcomes = yield* lastOutcomes(sql, known.id);
    const said = outcomes.slice(0, outcomesSaid);
    const figures: Drivers.Figures = {
      last: {
        deploys: said.length,
        failed: said.filter(({ outcome }) => outcome !== "completed").length,
        reasons: said.flatMap(({ reason }) => (reason === undefined ? [] : [reason])),
      },
      namespace: known.namespace,
      cluster: known.cluster,
      route: yield* route(sql, known, ask.bot),
      change: situation.change && tallyOf(rates, Features.changeKey(situation.change), ask.at),
      patterns: new Map(
        pairs.map(({ service, agoMs, pair }) => [
          service,
          { agoMs, ...PairRows.tallies(pair, known.all) },
        ]),
      ),
    };

    const failurePatterns = yield* Patterns.failures(sql, known, ask.at);
    const conditionalPatterns =
      cluster === undefined
        ? []
        : yield* Patterns.conditional(sql, cluster, known, new Set(situation.together));
    const base = {
      service: ref.service,
      namespace: ref.namespace,
      known: known.service.deploys > 0,
      risk: {
        probability: assessment.probability,
        drivers: Drivers.driversOf(assessment, situation, figures),
        basedOn: {
          service: known.service.deploys,
          namespace: known.namespace.deploys,
          cluster: known.cluster.deploys,
        },
      },
      failurePatterns,
      conditionalPatterns,
      dependencies: yield* Patterns.dependencies(sql, known),
      lastOutcomes: outcomes,
      ...(known.learnAfter === null ? {} : { learnAfter: known.learnAfter }),
    };
    return { ...base, recommendations: recommendationsOf(base, ask.at, figures.patterns) };
  });

const counts = (sql: SqlClient, cluster: ClusterRow, ref: Service.ServiceRef) =>
  Effect.map(
    sql<{
      namespaceId: number;
      namespaceLearnt: number;
      namespaceFailed: number;
      id: number | null;
      learnAfter: string | null;
      learnt: number | null;
      failed: number | null;
      blamed: number | null;
      expected: number | null;
      weight: number | null;
    }>`SELECT n.id AS "namespaceId", n.learnt AS "namespaceLearnt", n.failed AS "namespaceFailed",
        s.id, s.learn_after AS "learnAfter", s.learnt, s.failed, s.blamed, s.expected, s.weight
      FROM memory_namespaces n
      LEFT JOIN memory_services s ON s.namespace = n.id AND s.service = ${ref.service}
      WHERE n.cluster = ${cluster.id} AND n.namespace = ${ref.namespace}`,
    ([row]): Known => ({
      id: row?.id ?? -1,
      namespaceId: row?.namespaceId ?? -1,
      learnAfter: row?.learnAfter ?? null,
      weight: row?.weight ?? 0,
      all: { n: row?.learnt ?? 0, f: row?.blamed ?? 0, e: row?.expected ?? 0 },
      service: { deploys: row?.learnt ?? 0, failed: row?.failed ?? 0 },
      namespace: { deploys: row?.namespaceLearnt ?? 0, failed: row?.namespaceFailed ?? 0 },
      cluster: { deploys: cluster.learnt, failed: cluster.failed },
    }),
  );

interface Before {
  readonly id: number;
  readonly service: string;
  readonly agoMs: number;
}

/**
 * Other services of the namespace that began within the hour before: of what is learnt, and of
 * what this machine has in flight.
 */
const together = (sql: SqlClient, ref: Service.ServiceRef, known: Known, at: number) =>
  Effect.gen(function* () {
    const began = new Map<string, { id: number; started: number }>();
    const learnt = yield* sql<{ id: number; service: string; started: number }>`
      SELECT s.id, s.service, MAX(l.started) AS started FROM memory_lessons l
      JOIN memory_services s ON s.id = l.service
      WHERE l.namespace = ${known.namespaceId} AND l.started >= ${at - Neighbours.windowMs}
        AND l.started <= ${at} AND l.service <> ${known.id}
      GROUP BY s.id, s.service`;
    for (const { service, ...rest } of learnt) began.set(service, rest);
    const open = yield* sql<{ service: string; accepted_at: Timestamp.Timestamp }>`
      SELECT service, MAX(accepted_at) AS accepted_at FROM deploys
      WHERE cluster = ${ref.cluster} AND namespace = ${ref.namespace}
        AND state IN ('accepted', 'running', 'settling') AND state <> 'accepted'
        AND service <> ${ref.service}
        AND accepted_at >= ${Timestamp.fromMillis(at - Neighbours.windowMs)}
        AND accepted_at <= ${Timestamp.fromMillis(at)}
      GROUP BY service`;
    for (const { service, accepted_at } of open) {
      const started = Timestamp.toMillis(accepted_at);
      const other = began.get(service);
      if (other === undefined || other.started < started)
        began.set(service, { id: other?.id ?? -1, started });
    }
    const list = [...began]
      .map(([service, { id, started }]): Before => ({ id, service, agoMs: at - started }))
      .sort((a, b) => a.agoMs - b.agoMs || (a.service < b.service ? -1 : 1))
      .slice(0, Neighbours.togetherLimit);
    const nameless = list.filter(({ id }) => id === -1);
    if (nameless.length === 0) return list;
    const rows = yield* sql<{ id: number; service: string }>`SELECT id, service
      FROM memory_services WHERE namespace = ${known.namespaceId}
      AND ${sql.in(
        "service",
        nameless.map(({ service }) => service),
      )}`;
    const ids = new Map(rows.map(({ id, service }) => [service, id]));
    return list.map((one) => (one.id === -1 ? { ...one, id: ids.get(one.service) ?? -1 } : one));
  });

const pairsBefore = (sql: SqlClient, known: Known, before: ReadonlyArray<Before>) =>
  Effect.gen(function* () {
    const pairs = before.map((one) => ({
      ...one,
      pair: PairRows.unseen({ before: one.id, after: known.id }),
    }));
    yield* PairRows.read(
      sql,
      pairs.map(({ pair }) => pair),
    );
    return pairs.filter(({ pair }) => pair.learnt > 0);
  });

const lastOutcomes = (sql: SqlClient, service: number) =>
  Effect.map(
    sql<{
      id: string;
      started: number;
      failed: number;
      reason: Reason.Reason | null;
      strategy: DeployContext.LastOutcome["strategy"];
      outcome: DeployContext.LastOutcome["outcome"] | null;
    }>`SELECT l.id, l.started, l.failed, l.reason, l.strategy, d.outcome FROM memory_lessons l
      LEFT JOIN deploys d ON d.id = l.id
      WHERE l.service = ${service} ORDER BY l.started DESC, l.id DESC LIMIT ${outcomesListed}`,
    (rows) =>
      rows.map((row): DeployContext.LastOutcome => ({
        deployId: row.id,
        at: Timestamp.fromMillis(row.started),
        outcome: row.outcome ?? (row.failed === 1 ? "failed" : "completed"),
        ...(row.reason === null ? {} : { reason: row.reason }),
        strategy: row.strategy,
      })),
  );

/**
 * How the service's newest deploys by this way went; absent where the way isn't known, or where
 * there may have been one before these.
 */
const route = (sql: SqlClient, known: Known, bot: boolean | undefined) =>
  bot === undefined
    ? Effect.succeed(undefined)
    : Effect.map(
        sql<Drivers.Tally>`SELECT COUNT(*) AS deploys, COALESCE(SUM(failed), 0) AS failed FROM (
          SELECT failed, bot FROM memory_lessons WHERE service = ${known.id}
          ORDER BY started DESC LIMIT ${routeWindow}) newest WHERE bot = ${Number(bot)}`,
        ([row]) => (row?.deploys === 0 && known.service.deploys > routeWindow ? undefined : row),
      );
