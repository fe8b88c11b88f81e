/** What memory says of a service before a deploy, from a handful of indexed reads. */
import type { SqlClient } from "@effect/sql/SqlClient";
import { type DeployContext, type Reason, type Service, Timestamp } from "@nopea/domain";
import { Effect } from "effect";
import type { ChangeFacts } from "../Lesson.js";
import type { Ask } from "../Memory.js";
import * as Drivers from "../risk/Drivers.js";
import * as Features from "../risk/Features.js";
import * as Model from "../risk/Model.js";
import * as Prior from "../risk/Prior.js";
import type { Situation } from "../risk/Situation.js";
import * as Pairs from "../pairs/Pairs.js";
import { recommendationsOf } from "./advice.js";
import { readRates } from "./book.js";
import * as Checkpoints from "./checkpoints.js";
import { type Known, read } from "./known.js";
import * as Neighbours from "./neighbours.js";
import * as PairRows from "./pairRows.js";
import * as Patterns from "./patterns.js";

/** What kind of change the service's newest deploy was; undefined where nobody knows. */
const lastChange = (sql: SqlClient, service: number) =>
  Effect.map(
    sql<ChangeFacts>`SELECT kind, semver, objects, lines FROM memory_lessons
      WHERE service = ${service} AND kind IS NOT NULL ORDER BY started DESC, id DESC LIMIT 1`,
    ([row]): ChangeFacts | undefined => row,
  );

export const context = (sql: SqlClient, ref: Service.ServiceRef, ask: Ask) =>
  Effect.gen(function* () {
    const known = yield* read(sql, ref, ask);
    const before = yield* together(sql, ref, known, ask.at);
    const situation: Situation = {
      service: ref.service,
      namespace: ref.namespace,
      at: ask.at,
      change: ask.change === "last" ? yield* lastChange(sql, known.id) : ask.change,
      bot: ask.bot,
      isRevert: ask.isRevert ?? false,
      gapMs: known.gap,
      together: before.map(({ service }) => service),
      lastFailed: [...known.last].map((letter) => letter === "F"),
    };

    const slots = Features.slotsOf(situation);
    const rates = yield* readRates(sql, known.clusterId, Features.keysOf(situation, slots));
    const ids = before.map(({ id }) => id);
    const pairs = yield* PairRows.ofService(sql, known.id, ids);
    const byId = new Map(pairs.map((one) => [one.pair.before, one]));
    const pairsBefore = before.flatMap(({ id, agoMs }) => {
      const one = byId.get(id);
      return one === undefined ? [] : [{ ...one, agoMs }];
    });
    const parts = Pairs.strongest(
      PairRows.partsOf(
        pairsBefore.map(({ pair }) => pair),
        known.all,
      ).map((part) => ({ ...part, service: byId.get(Number(part.service))?.service ?? "" })),
    );
    const assessment = Model.assess(
      Checkpoints.modelOf(known.model),
      situation,
      (key) => rates.get(key),
      parts,
      Prior.shipped,
      slots,
    );

    const outcomes = yield* lastOutcomes(sql, known.id);
    const said = outcomes.slice(0, Drivers.outcomesSaid);
    const figures: Drivers.Figures = {
      last: {
        deploys: said.length,
        failed: said.filter(({ outcome }) => outcome !== "completed").length,
        reasons: said.flatMap(({ reason }) => (reason === undefined ? [] : [reason])),
      },
      namespace: known.namespace,
      cluster: known.cluster,
      route: known.route,
      change: situation.change && Drivers.suchChanges(rates, situation.change, ask.at),
      patterns: new Map(
        pairsBefore.map(({ service, agoMs, pair }) => [
          service,
          { agoMs, ...PairRows.tallies(pair, known.all) },
        ]),
      ),
    };

    const failurePatterns = yield* Patterns.failures(sql, known, ask.at);
    const conditionalPatterns = yield* Patterns.conditional(
      sql,
      known,
      pairs,
      new Set(situation.together),
    );
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

interface Before {
  readonly id: number;
  readonly service: string;
  readonly agoMs: number;
}

/**
 * Other services of the namespace that began within the hour before, the last first: of what is
 * learnt, and of what this machine has in flight.
 */
const together = (
  sql: SqlClient,
  ref: Service.ServiceRef,
  { id, namespaceId }: Known,
  at: number,
) =>
  Effect.map(
    sql<{
      id: number | null;
      service: string;
      started: number | null;
      accepted: Timestamp.Timestamp | null;
    }>`SELECT s.id, s.service, MAX(l.started) AS started, NULL AS accepted
        FROM memory_lessons l JOIN memory_services s ON s.id = l.service
        WHERE l.namespace = ${namespaceId} AND l.started >= ${at - Neighbours.windowMs}
          AND l.started <= ${at} AND l.service <> ${id}
        GROUP BY s.id, s.service
      UNION ALL
      SELECT s.id, d.service, NULL AS started, MAX(d.accepted_at) AS accepted
        FROM deploys d
        LEFT JOIN memory_services s ON s.namespace = ${namespaceId} AND s.service = d.service
        WHERE d.cluster = ${ref.cluster} AND d.namespace = ${ref.namespace}
          AND d.state IN ('accepted', 'running', 'settling') AND d.state <> 'accepted'
          AND d.service <> ${ref.service}
          AND d.accepted_at >= ${Timestamp.fromMillis(at - Neighbours.windowMs)}
          AND d.accepted_at <= ${Timestamp.fromMillis(at)}
        GROUP BY s.id, d.service`,
    (rows) => {
      const began = new Map<string, Before>();
      for (const { id, service, started, accepted } of rows) {
        const agoMs = at - (accepted === null ? Number(started) : Timestamp.toMillis(accepted));
        const other = began.get(service);
        if (other === undefined || agoMs < other.agoMs)
          began.set(service, { id: id ?? -1, service, agoMs });
      }
      return [...began.values()]
        .sort((a, b) => a.agoMs - b.agoMs || (a.service < b.service ? -1 : 1))
        .slice(0, Neighbours.togetherLimit);
    },
  );

/** Which failure it was (of two), the deploys table alone knows. */
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
      LEFT JOIN deploys d ON l.failed = 1 AND d.id = l.id
      WHERE l.service = ${service} ORDER BY l.started DESC, l.id DESC LIMIT ${Patterns.outcomesListed}`,
    (rows) =>
      rows.map((row): DeployContext.LastOutcome => ({
        deployId: row.id,
        at: Timestamp.fromMillis(row.started),
        outcome: row.outcome ?? (row.failed === 1 ? "failed" : "completed"),
        ...(row.reason === null ? {} : { reason: row.reason }),
        strategy: row.strategy,
      })),
  );
