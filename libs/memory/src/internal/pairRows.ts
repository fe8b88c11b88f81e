/**
 * Which services came before which, as rows: how often, how often it failed, what the model
 * expected, and since when it goes well. A pair's chance is kept only where it may matter.
 */
import type { SqlClient } from "@effect/sql/SqlClient";
import type { Fragment } from "@effect/sql/Statement";
import { Effect } from "effect";
import { Reason, type Service } from "@nopea/domain";
import * as Lesson from "../Lesson.js";
import * as Pairs from "../pairs/Pairs.js";
import { chunked, isAfter, type Position, rowsAlike, tuples } from "./rows.js";

export interface Key {
  readonly before: number;
  readonly after: number;
}

/** Changed in place while lessons are learnt: a busy namespace has many for each. */
export interface PairFigures extends Key {
  learnt: number;
  failed: number;
  expected: number;
  weight: number;
  /** How many went well since the last that failed, and which that was. */
  wellSince: number;
  lastFailed: Position | undefined;
  chance: number | null;
  /** How often it was seen when it was read. */
  learntBefore: number;
  isChanged: boolean;
  /** The last that failed was taken back: what went well since is to be counted. */
  isUncertain: boolean;
}

export const unseen = ({ before, after }: Key): PairFigures => ({
  before,
  after,
  learnt: 0,
  failed: 0,
  expected: 0,
  weight: 0,
  wellSince: 0,
  lastFailed: undefined,
  chance: null,
  learntBefore: 0,
  isChanged: false,
  isUncertain: false,
});

export interface Change {
  readonly position: Position;
  /** It failed, and not by the platform's or an operator's doing; or it went well. */
  readonly blamed: boolean;
  readonly well: boolean;
  readonly weight: number;
  readonly sign: 1 | -1;
}

/** One lesson more, or (`sign` -1) less. */
export const change = (
  pair: PairFigures,
  { position, blamed, well, weight, sign }: Change,
  expected: number,
): void => {
  const isSince = pair.lastFailed === undefined || isAfter(position, pair.lastFailed);
  pair.learnt += sign;
  pair.expected += sign * expected;
  pair.weight += weight;
  pair.isChanged = true;
  if (well && isSince) pair.wellSince += sign;
  if (!blamed) return;
  pair.failed += sign;
  if (sign === 1 && isSince) {
    pair.lastFailed = { revealed: position.revealed, id: position.id };
    pair.wellSince = 0;
  }
  if (sign === -1 && !isAfter(pair.lastFailed ?? position, position)) pair.isUncertain = true;
};

export const pairOf = (pair: PairFigures, all: Pairs.Counts): Pairs.Pair => ({
  both: { n: pair.learnt, f: pair.failed, e: pair.expected },
  all,
  wellSince: pair.wellSince,
});

/** As it is said: the service's deploys with the other before, and the rest of them. */
export const tallies = (pair: PairFigures, all: Pairs.Counts) => ({
  together: { deploys: pair.learnt, failed: pair.failed },
  otherwise: {
    deploys: Math.max(0, all.n - pair.learnt),
    failed: Math.max(0, all.f - pair.failed),
  },
});

/** By how much the model is off for the service's other deploys; pulled towards 1. */
export const levelOf = (pair: PairFigures, all: Pairs.Counts): number =>
  (Math.max(0, all.f - pair.failed) + 1) / (Math.max(0, all.e - pair.expected) + 1);

/** What each of the services before adds to the score, by their ids, where it adds something. */
export const partsOf = (
  pairs: ReadonlyArray<PairFigures>,
  all: Pairs.Counts,
): ReadonlyArray<Pairs.Part> => {
  const parts: Array<Pairs.Part> = [];
  for (const pair of pairs) {
    if (pair.failed === 0) continue;
    const logOdds = Pairs.logOddsOf(pairOf(pair, all));
    if (logOdds > 0) parts.push({ service: String(pair.before), logOdds });
  }
  return parts;
};

interface Row {
  readonly before: number;
  readonly after: number;
  readonly learnt: number;
  readonly failed: number;
  readonly expected: number;
  readonly weight: number;
  readonly well_since: number;
  readonly failed_revealed: number | null;
  readonly failed_lesson: string | null;
  readonly chance: number | null;
}

const figuresOf = (row: Row): PairFigures => ({
  before: row.before,
  after: row.after,
  learnt: row.learnt,
  failed: row.failed,
  expected: row.expected,
  weight: row.weight,
  wellSince: row.well_since,
  lastFailed:
    row.failed_revealed === null || row.failed_lesson === null
      ? undefined
      : { revealed: row.failed_revealed, id: row.failed_lesson },
  chance: row.chance,
  learntBefore: row.learnt,
  isChanged: false,
  isUncertain: false,
});

/** Reads into these what is kept of them. */
export const read = (sql: SqlClient, pairs: ReadonlyArray<PairFigures>) =>
  Effect.gen(function* () {
    for (const some of chunked(pairs, rowsAlike)) {
      const rows = yield* sql<
        Row & { place: number }
      >`WITH d (at, before, after) AS (VALUES ${tuples(
        sql,
        some.map(({ before, after }, at) => [at, before, after]),
      )}) SELECT d.at AS "place", p.* FROM d
      CROSS JOIN memory_pairs p ON p.after = d.after AND p.before = d.before`;
      for (const row of rows) Object.assign(some[row.place] ?? {}, figuresOf(row));
    }
  });

/** Those of a service that may stand, and those with one of `before`; with the other's name. */
export const ofService = (sql: SqlClient, after: number, before: ReadonlyArray<number>) =>
  Effect.map(
    sql<Row & { service: Service.ServiceName }>`SELECT p.*, s.service FROM memory_pairs p
      JOIN memory_services s ON s.id = p.before
      WHERE p.after = ${after} AND (p.chance IS NOT NULL OR ${sql.in("before", before)})`,
    (rows) =>
      rows.map((row) => ({ service: row.service, chance: row.chance, pair: figuresOf(row) })),
  );

/** Those of a cluster up to a chance, of the services in `scope` (of what is called `n` and `s`). */
export const upTo = (sql: SqlClient, cluster: number, cutoff: number, scope: Fragment) =>
  cutoff <= 0
    ? Effect.succeed([])
    : Effect.map(
        sql<Row & { all_learnt: number; all_blamed: number; all_expected: number }>`
          SELECT p.*, s.learnt AS all_learnt, s.blamed AS all_blamed, s.expected AS all_expected
          FROM memory_pairs p JOIN memory_services s ON s.id = p.after
          JOIN memory_namespaces n ON n.id = s.namespace
          WHERE p.cluster = ${cluster} AND p.chance <= ${cutoff} AND ${scope}`,
        (rows) =>
          rows.map((row) => ({
            pair: figuresOf(row),
            all: { n: row.all_learnt, f: row.all_blamed, e: row.all_expected },
          })),
      );

/** All deploys of each service, with whatever before. */
export const totals = (sql: SqlClient, services: Iterable<number>) =>
  Effect.gen(function* () {
    const found = new Map<number, Pairs.Counts>();
    for (const some of chunked([...services], 5_000)) {
      const rows = yield* sql<{ id: number } & Pairs.Counts>`
        SELECT id, learnt AS n, blamed AS f, expected AS e FROM memory_services
        WHERE ${sql.in("id", some)}`;
      for (const { id, ...counts } of rows) found.set(id, counts);
    }
    return found;
  });

const isSeenEnough = (learnt: number): number => Number(learnt >= Pairs.TESTED_FROM);

/**
 * Writes those that changed, and the chances of all pairs of the services that they concern;
 * answers by how many the tested pairs are more.
 */
export const write = (
  sql: SqlClient,
  cluster: number,
  pairs: ReadonlyArray<PairFigures>,
  all: ReadonlyMap<number, Pairs.Counts>,
) =>
  Effect.gen(function* () {
    const changed = pairs.filter(({ isChanged }) => isChanged);
    let tested = 0;
    for (const pair of changed)
      tested += isSeenEnough(pair.learnt) - isSeenEnough(pair.learntBefore);
    const rows = changed.filter(({ learnt }) => learnt > 0);
    for (const some of chunked(rows, rowsAlike))
      yield* sql`INSERT INTO memory_pairs ${sql.insert(
        some.map((pair) => ({
          cluster,
          after: pair.after,
          before: pair.before,
          learnt: pair.learnt,
          failed: pair.failed,
          expected: pair.expected,
          weight: pair.weight,
          well_since: pair.wellSince,
          failed_revealed: pair.lastFailed?.revealed ?? null,
          failed_lesson: pair.lastFailed?.id ?? null,
        })),
      )} ON CONFLICT (after, before) DO UPDATE SET learnt = excluded.learnt,
        failed = excluded.failed, expected = excluded.expected, weight = excluded.weight,
        well_since = excluded.well_since, failed_revealed = excluded.failed_revealed,
        failed_lesson = excluded.failed_lesson`;
    for (const some of chunked(
      changed.filter(({ learnt }) => learnt <= 0),
      rowsAlike,
    ))
      yield* sql`WITH d (after, before) AS (VALUES ${tuples(
        sql,
        some.map(({ after, before }) => [after, before]),
      )}) DELETE FROM memory_pairs WHERE (after, before) IN (SELECT after, before FROM d)`;
    yield* writeChances(sql, all);
    return tested;
  });

/** A service's total changes the chance of each of its pairs. */
const writeChances = (sql: SqlClient, all: ReadonlyMap<number, Pairs.Counts>) =>
  Effect.gen(function* () {
    const updates: Array<readonly [number, number, number | null]> = [];
    for (const some of chunked([...all.keys()], 5_000)) {
      const rows = yield* sql<Row>`SELECT * FROM memory_pairs WHERE ${sql.in("after", some)}
        AND (chance IS NOT NULL OR (learnt >= ${Pairs.TESTED_FROM} AND failed > 0))`;
      for (const row of rows) {
        const chance = chanceToKeep(figuresOf(row), all.get(row.after));
        if (chance !== row.chance) updates.push([row.after, row.before, chance]);
      }
    }
    for (const some of chunked(updates, rowsAlike))
      yield* sql`WITH d (after, before, chance) AS (VALUES ${tuples(sql, some)})
        UPDATE memory_pairs SET chance = d.chance FROM d
        WHERE memory_pairs.after = d.after AND memory_pairs.before = d.before`;
  });

const chanceToKeep = (pair: PairFigures, all: Pairs.Counts | undefined): number | null => {
  if (all === undefined || pair.learnt < Pairs.TESTED_FROM) return null;
  const chance = Pairs.chanceOf(pairOf(pair, all));
  return chance <= Pairs.FALSE_SHARE ? chance : null;
};

/** The largest chance at which a pair of the cluster still stands. */
export const cutoff = (sql: SqlClient, cluster: number, tested: number) =>
  Effect.gen(function* () {
    if (tested <= 0) return 0;
    const [all] = yield* sql<{ n: number }>`SELECT COUNT(*) AS n FROM memory_pairs
      WHERE cluster = ${cluster} AND chance IS NOT NULL`;
    // Beyond this none can stand, whatever the others are: it needn't be read.
    const most = (Pairs.FALSE_SHARE * Number(all?.n ?? 0)) / tested;
    const rows = yield* sql<{ chance: number }>`SELECT chance FROM memory_pairs
      WHERE cluster = ${cluster} AND chance <= ${most}`;
    return Pairs.cutoffOf(
      rows.map(({ chance }) => chance),
      tested,
    );
  });

/** Reasons of failures that no pair is to explain. */
const unblamed = Reason.all.filter((reason) => Lesson.weightOf({ failed: true, reason }) < 1);

/** Counts what went well since the last failure anew, among the lessons up to `until`. */
export const recount = (sql: SqlClient, pairs: ReadonlyArray<PairFigures>, until: Position) =>
  Effect.forEach(
    pairs,
    (pair) =>
      Effect.map(
        sql<{ revealed: number | null; id: string | null; well: number }>`
        WITH seen AS (SELECT revealed, id, failed, reason FROM memory_lessons
          WHERE service = ${pair.after}
            AND (revealed, id) <= (${until.revealed}, ${until.id})
            AND instr(',' || together || ',', ${`,${pair.before},`}) > 0),
        bad AS (SELECT revealed, id FROM seen WHERE failed = 1
          AND (reason IS NULL OR reason NOT IN ${sql.in(unblamed)})
          ORDER BY revealed DESC, id DESC LIMIT 1)
        SELECT (SELECT revealed FROM bad) AS revealed, (SELECT id FROM bad) AS id,
          (SELECT COUNT(*) FROM seen WHERE failed = 0 AND NOT EXISTS (
            SELECT 1 FROM bad WHERE (bad.revealed, bad.id) >= (seen.revealed, seen.id))) AS well`,
        ([row]) => {
          pair.wellSince = row?.well ?? 0;
          pair.lastFailed =
            row === undefined || row.revealed === null || row.id === null
              ? undefined
              : { revealed: row.revealed, id: row.id };
          pair.isUncertain = false;
        },
      ),
    { discard: true },
  );
