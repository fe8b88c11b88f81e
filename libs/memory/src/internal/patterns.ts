/** What breaks a service, alone and after others, and what is deployed with it: as far as it still holds. */
import type { SqlClient } from "@effect/sql/SqlClient";
import { type DeployContext, Evidence, type Reason, type Service, Timestamp } from "@nopea/domain";
import { Effect } from "effect";
import * as Pairs from "../pairs/Pairs.js";
import * as Edges from "./edges.js";
import type { Known } from "./known.js";
import * as Neighbours from "./neighbours.js";
import * as PairRows from "./pairRows.js";
import { tuples } from "./rows.js";

/** Under this confidence a reason no longer counts as one that breaks the service. */
export const floor = 0.05;

/** Successes that are supposed before any was seen, so that one failure isn't certainty. */
const supposed = 1;

export const outcomesListed = 10;
export const patternsListed = 5;
export const evidenceListed = 3;
export const evidenceLength = 200;
const dependenciesListed = 10;
const conditionalListed = 10;

export const confidenceOf = (broken: number, deploys: number, at: number): number =>
  Math.min(1, Edges.fadedTo(broken, at) / (Edges.fadedTo(deploys, at) + supposed));

export const failures = (
  sql: SqlClient,
  { id, weight }: { readonly id: number; readonly weight: number },
  at: number,
) =>
  Effect.gen(function* () {
    const rows = yield* sql<{ reason: Reason.Reason; failed: number; weight: number }>`
      SELECT reason, failed, weight FROM memory_breaks WHERE service = ${id}`;
    const alive = rows
      .map((row) => ({ ...row, confidence: confidenceOf(row.weight, weight, at) }))
      .filter(({ confidence }) => confidence >= floor)
      .sort((a, b) => b.confidence - a.confidence || (a.reason < b.reason ? -1 : 1))
      .slice(0, patternsListed);
    const seen = yield* evidence(
      sql,
      id,
      alive.map(({ reason }) => reason),
    );
    return alive.map(({ reason, failed, confidence }): DeployContext.FailurePattern => ({
      error: reason,
      confidence,
      observations: failed,
      evidence: seen.get(reason) ?? [],
    }));
  });

/** The newest few failures of each reason; what they said, where the store has their results. */
const evidence = (sql: SqlClient, service: number, reasons: ReadonlyArray<Reason.Reason>) =>
  Effect.gen(function* () {
    const found = new Map<Reason.Reason, Array<DeployContext.PatternEvidence>>();
    if (reasons.length === 0) return found;
    const message = sql.onDialectOrElse({
      pg: () => sql`d.result::json->'error'->>'message'`,
      orElse: () =>
        sql`CASE WHEN json_valid(d.result) THEN json_extract(d.result, '$.error.message') END`,
    });
    const rows = yield* sql<{
      reason: Reason.Reason;
      id: string;
      started: number;
      text: string | null;
    }>`WITH b (reason) AS (VALUES ${tuples(
      sql,
      reasons.map((reason) => [reason]),
    )})
      SELECT l.reason, l.id, l.started, ${message} AS text FROM b
      CROSS JOIN memory_lessons l LEFT JOIN deploys d ON d.id = l.id
      WHERE l.seq IN (SELECT f.seq FROM memory_lessons f
        WHERE f.service = ${service} AND f.reason = b.reason AND f.failed = 1
        ORDER BY f.started DESC, f.id DESC LIMIT ${evidenceListed})
      ORDER BY l.started DESC, l.id DESC`;
    for (const { reason, id, started, text } of rows) {
      const one = {
        deployId: id,
        at: Timestamp.fromMillis(started),
        ...(typeof text === "string" ? { text: Evidence.clean(text, evidenceLength) } : {}),
      };
      const others = found.get(reason);
      if (others === undefined) found.set(reason, [one]);
      else others.push(one);
    }
    return found;
  });

/** Of a service's pairs, those that stand among all of the cluster's. */
export const conditional = (
  sql: SqlClient,
  { clusterId, tested, all }: Pick<Known, "clusterId" | "tested" | "all">,
  pairs: Effect.Effect.Success<ReturnType<typeof PairRows.ofService>>,
  before: ReadonlySet<string>,
) =>
  Effect.gen(function* () {
    const possible = pairs.filter(({ chance }) => chance !== null);
    if (possible.length === 0) return [];
    const cutoff = yield* PairRows.cutoff(sql, clusterId, tested);
    return possible
      .filter(
        ({ chance, pair }) =>
          (chance ?? 1) <= cutoff && !Pairs.hasStopped(PairRows.pairOf(pair, all)),
      )
      .sort((a, b) => (a.chance ?? 1) - (b.chance ?? 1) || (a.service < b.service ? -1 : 1))
      .slice(0, conditionalListed)
      .map(({ service, chance, pair }): DeployContext.ConditionalPattern => {
        const { together, otherwise } = PairRows.tallies(pair, all);
        const [failed, expected] = [pair.failed, pair.expected * PairRows.levelOf(pair, all)];
        return {
          when: service,
          withinMs: Neighbours.windowMs,
          with: together,
          otherwise,
          lift: expected > 0 ? failed / expected : failed,
          confidence: 1 - (chance ?? 1),
          now: before.has(service),
        };
      });
  });

/** The services whose deploys come within an hour of this one's, the most usual first. */
export const dependencies = (
  sql: SqlClient,
  { id, weight }: { readonly id: number; readonly weight: number },
) =>
  Effect.map(
    sql<{ service: Service.ServiceName; learnt: number; weight: number }>`
      SELECT s.service, SUM(p.learnt) AS learnt, SUM(p.weight) AS weight FROM (
        SELECT before AS other, learnt, weight FROM memory_pairs WHERE after = ${id}
        UNION ALL
        SELECT after AS other, learnt, weight FROM memory_pairs WHERE before = ${id}) p
      JOIN memory_services s ON s.id = p.other
      GROUP BY s.id, s.service ORDER BY SUM(p.weight) DESC, s.service LIMIT ${dependenciesListed}`,
    (rows) =>
      rows.map((row): DeployContext.Dependency => ({
        target: row.service,
        // Both weights are kept as of the same instant: their ratio needs no fading.
        weight: weight > 0 ? Math.min(1, Math.max(0, row.weight / weight)) : 0,
        observations: row.learnt,
      })),
  );
