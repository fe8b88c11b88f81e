/**
 * Taking lessons in. Each cluster's lessons are learnt in the order in which their outcomes were
 * known; the cluster's row says up to which. What arrives late, or changes what others came after,
 * is set right: those learnt since are taken back and learnt again, so that every figure comes out
 * as if all had arrived in order. Where that would be too many, only the counts are set right.
 */
import type { SqlClient } from "@effect/sql/SqlClient";
import { DeployId } from "@nopea/domain";
import { Effect } from "effect";
import { endedOtherwise, type Lesson } from "../Lesson.js";
import { Book, type Learnt } from "./book.js";
import * as Checkpoints from "./checkpoints.js";
import * as Neighbours from "./neighbours.js";
import * as Places from "./places.js";
import {
  chunked,
  type ClusterRow,
  type Columns,
  columnsOf,
  isAfter,
  isForgotten,
  type LessonRow,
  type Neighbours as Near,
  type Position,
  positionOf,
  start,
  tuples,
  version,
} from "./rows.js";

/** How many lessons are read at once. */
const pageSize = 500;

/** So many are learnt again for what arrives late, and this many for each that does. */
const relearntAtMost = 4_096;
const relearntForEach = 4;

/** The most that is learnt in one transaction; the rest in the next. */
const learntAtOnce = 10_000;

/** Adds lessons of one cluster that are new by their ids, or end otherwise than was known. */
export const add = (sql: SqlClient, name: string, lessons: ReadonlyArray<Lesson>) =>
  Effect.gen(function* () {
    const cluster = yield* current(sql, yield* Places.cluster(sql, name));
    const places = yield* Places.ensure(
      sql,
      cluster.id,
      lessons.map(({ ref }) => ref),
    );
    const columns = lessons.flatMap((lesson) => {
      const place = places.get(Places.keyOf(lesson.ref));
      return place === undefined || isForgotten(lesson, place.learnAfter)
        ? []
        : [columnsOf(lesson, cluster.id, place)];
    });
    if (yield* areNext(sql, cluster, columns)) {
      yield* learnNext(sql, cluster, columns);
      return { added: columns.length, revised: 0 };
    }
    const added = [...(yield* insert(sql, columns))];
    const removed = yield* removeOutdated(sql, cluster.id, columns, added);
    if (removed.length > 0) added.push(...(yield* insert(sql, columns)));
    yield* learn(sql, cluster, added, removed);
    return { added: added.length - removed.length, revised: removed.length };
  });

/** Answers those that were not there. */
const insert = (sql: SqlClient, columns: ReadonlyArray<Columns>) =>
  Effect.map(
    Effect.forEach(
      chunked(columns, 1_000),
      (some) =>
        sql<LessonRow>`INSERT INTO memory_lessons ${sql.insert(some)}
          ON CONFLICT (cluster, id) DO NOTHING RETURNING *`,
    ),
    (inserted) => inserted.flat(),
  );

/**
 * A deploy's own row is right about it: a lesson of the same id that says otherwise (it was
 * imported, or the store knew less of the deploy then) makes room. What is imported takes the place
 * of what was imported before, where the deploy turned out to have ended otherwise.
 */
const removeOutdated = (
  sql: SqlClient,
  cluster: number,
  columns: ReadonlyArray<Columns>,
  added: ReadonlyArray<LessonRow>,
) =>
  Effect.gen(function* () {
    const removed: Array<LessonRow> = [];
    const inserted = new Set(added.map(({ id }) => id));
    const byId = new Map(columns.filter(({ id }) => !inserted.has(id)).map((one) => [one.id, one]));
    for (const some of chunked([...byId.keys()], 5_000)) {
      const known = yield* sql<LessonRow>`SELECT * FROM memory_lessons
        WHERE cluster = ${cluster} AND ${sql.in("id", some)}`;
      removed.push(...known.filter((row) => isOutdated(row, byId.get(row.id))));
    }
    yield* remove(sql, removed);
    return removed;
  });

const isOutdated = (row: LessonRow, columns: Columns | undefined): boolean => {
  if (columns === undefined) return false;
  if (columns.source === "deploy") return isOtherwise(row, columns);
  const [known, again] = [row, columns].map(({ failed, reason }) => ({
    failed: failed === 1,
    reason: reason ?? undefined,
  })) as [Outcome, Outcome];
  return row.source === "import" && row.service === columns.service && endedOtherwise(known, again);
};

type Outcome = Pick<Lesson, "failed" | "reason">;

const isOtherwise = (row: LessonRow, columns: Columns): boolean =>
  (Object.keys(columns) as ReadonlyArray<keyof Columns>).some(
    (key) => key !== "cluster" && columns[key] !== row[key],
  );

const remove = (sql: SqlClient, rows: ReadonlyArray<LessonRow>) =>
  Effect.forEach(
    chunked(rows, 5_000),
    (some) =>
      sql`DELETE FROM memory_lessons WHERE ${sql.in(
        "seq",
        some.map(({ seq }) => seq),
      )}`,
    { discard: true },
  );

/** Forgets these lessons. */
export const forget = (sql: SqlClient, cluster: ClusterRow, rows: ReadonlyArray<LessonRow>) =>
  Effect.gen(function* () {
    yield* remove(sql, rows);
    yield* learn(sql, yield* current(sql, cluster), [], rows);
  });

/** Goes on where an earlier transaction stopped; answers how many lessons it learnt. */
export const goOn = (sql: SqlClient) =>
  Effect.gen(function* () {
    let learnt = 0;
    for (const cluster of yield* waiting(sql))
      learnt += yield* learn(sql, yield* current(sql, cluster), [], []);
    return learnt;
  });

/** Clusters with lessons that are not learnt yet, or were learnt by another learner. */
export const waiting = (sql: SqlClient) =>
  sql<ClusterRow>`SELECT * FROM memory_clusters c WHERE c.version <> ${version} OR EXISTS (
    SELECT 1 FROM memory_lessons l
    WHERE l.cluster = c.id AND (l.revealed, l.id) > (c.revealed, c.lesson))`;

/** The cluster's row, begun anew where another learner, or a merge of two clusters, left it. */
const current = (sql: SqlClient, cluster: ClusterRow) =>
  cluster.version === version ? Effect.succeed(cluster) : beginAnew(sql, cluster);

/** Joining two clusters may have brought a service's lessons and a later mark together. */
const dropForgotten = (sql: SqlClient, cluster: number) =>
  Effect.gen(function* () {
    const marks = yield* sql<{ id: number; mark: DeployId.DeployId }>`
      SELECT s.id, s.learn_after AS mark FROM memory_namespaces n
      JOIN memory_services s ON s.namespace = n.id
      WHERE n.cluster = ${cluster} AND s.learn_after IS NOT NULL`;
    for (const { id, mark } of marks) yield* remove(sql, yield* forgotten(sql, id, mark));
  });

/** A service's lessons up to a mark. */
export const forgotten = (sql: SqlClient, service: number, mark: DeployId.DeployId) =>
  sql<LessonRow>`SELECT * FROM memory_lessons WHERE service = ${service}
    AND ((source = 'deploy' AND id <= ${mark})
      OR (source <> 'deploy' AND started <= ${DeployId.toMillis(mark)}))`;

const beginAnew = (sql: SqlClient, cluster: ClusterRow) =>
  Effect.gen(function* () {
    const { id } = cluster;
    for (const table of ["memory_rates", "memory_models", "memory_pairs"])
      yield* sql`DELETE FROM ${sql(table)} WHERE cluster = ${id}`;
    const services = sql`SELECT s.id FROM memory_namespaces n
      JOIN memory_services s ON s.namespace = n.id WHERE n.cluster = ${id}`;
    yield* dropForgotten(sql, id);
    yield* sql`DELETE FROM memory_breaks WHERE service IN (${services})`;
    yield* sql`UPDATE memory_services SET learnt = 0, failed = 0, blamed = 0, expected = 0,
      weight = 0 WHERE id IN (${services})`;
    yield* sql`UPDATE memory_namespaces SET learnt = 0, failed = 0 WHERE cluster = ${id}`;
    const fresh = {
      version,
      learnt: 0,
      failed: 0,
      revealed: start.revealed,
      lesson: start.id,
      model: "",
      tested: 0,
    };
    yield* sql`UPDATE memory_clusters SET ${sql.update(fresh)} WHERE id = ${id}`;
    return { ...cluster, ...fresh };
  });

const learn = (
  sql: SqlClient,
  cluster: ClusterRow,
  added: ReadonlyArray<LessonRow>,
  removed: ReadonlyArray<LessonRow>,
) =>
  Effect.gen(function* () {
    const change = yield* changeOf(sql, cluster, added, removed);
    if (change === undefined) {
      const book = new Book(sql, cluster);
      const learnt = yield* advance(sql, book);
      if (learnt > 0) yield* book.close();
      return learnt;
    }
    const from = yield* Checkpoints.before(sql, cluster.id, change.first);
    const limit = relearntAtMost + relearntForEach * (added.length + removed.length);
    const since = yield* countLearnt(sql, cluster.id, change, from, limit);
    if (since <= limit && from.revealed === start.revealed) {
      const book = new Book(sql, yield* beginAnew(sql, cluster));
      yield* advance(sql, book, change.until);
      yield* book.close();
    } else {
      const book = new Book(sql, cluster);
      if (since <= limit) {
        yield* takeBack(sql, book, change, from);
        yield* book.rewind(from);
        yield* advance(sql, book, change.until);
      } else {
        yield* patch(sql, book, change);
        yield* advance(sql, book);
      }
      yield* book.close();
    }
    return added.length;
  });

/** What is to be set right among the lessons learnt so far. */
interface Change {
  /** Up to where they were learnt. */
  readonly until: Position;
  /** Lessons in the table from this `seq` on are new. */
  readonly newerSeq: number;
  readonly late: ReadonlyArray<LessonRow>;
  readonly lost: ReadonlyArray<LessonRow>;
  /** Those that came after something else than was thought, as they were learnt. */
  readonly moved: ReadonlyArray<LessonRow>;
  readonly near: ReadonlyMap<number, Near>;
  /** The first of all these in the order of reveal. */
  readonly first: Position;
}

const changeOf = (
  sql: SqlClient,
  cluster: ClusterRow,
  added: ReadonlyArray<LessonRow>,
  removed: ReadonlyArray<LessonRow>,
) =>
  Effect.gen(function* () {
    const until = { revealed: cluster.revealed, id: cluster.lesson };
    const newerSeq = added.reduce(
      (least, { seq }) => Math.min(least, seq),
      Number.MAX_SAFE_INTEGER,
    );
    const late = added.filter((row) => !isAfter(row, until));
    const lost = removed.filter((row) => !isAfter(row, until));
    const touched = yield* Neighbours.affected(sql, [...added, ...removed], until, newerSeq);
    const near = yield* Neighbours.find(sql, touched);
    const moved = touched.filter((row) => isElsewhere(row, near.get(row.seq)));
    const first = [...late, ...lost, ...moved].reduce<Position | undefined>(
      (least, row) => (least === undefined || isAfter(least, row) ? row : least),
      undefined,
    );
    return first === undefined
      ? undefined
      : ({ until, newerSeq, late, lost, moved, near, first } satisfies Change);
  });

const isElsewhere = (row: LessonRow, near: Near | undefined): boolean =>
  near !== undefined &&
  (row.gap !== near.gap || row.together !== near.together || row.last !== near.last);

/** Lessons after one position up to another, in order; of those in the table before `newerSeq`. */
const between = (
  sql: SqlClient,
  after: Position,
  until: Position,
  cluster: number,
  newerSeq: number,
) =>
  sql`FROM memory_lessons WHERE cluster = ${cluster}
    AND (revealed, id) > (${after.revealed}, ${after.id})
    AND (revealed, id) <= (${until.revealed}, ${until.id}) AND seq < ${newerSeq}`;

/** How many lessons were learnt after a position; no further than just over `limit`. */
const countLearnt = (
  sql: SqlClient,
  cluster: number,
  { until, newerSeq }: Change,
  from: Position,
  limit: number,
) =>
  Effect.map(
    sql<{ n: number }>`SELECT COUNT(*) AS n FROM (
      SELECT 1 ${between(sql, from, until, cluster, newerSeq)} LIMIT ${limit + 1})`,
    ([row]) => Number(row?.n ?? 0),
  );

/** Takes back, as they were learnt, all lessons after a position, and those that are lost. */
const takeBack = (sql: SqlClient, book: Book, change: Change, from: Position) =>
  Effect.gen(function* () {
    const { until, newerSeq } = change;
    let after = from;
    for (;;) {
      const rows = yield* sql<LessonRow>`SELECT *
        ${between(sql, after, until, book.cluster.id, newerSeq)}
        ORDER BY revealed, id LIMIT ${pageSize}`;
      yield* addAll(book, rows, -1);
      const last = rows.at(-1);
      if (last === undefined || rows.length < pageSize) break;
      after = last;
    }
    yield* addAll(book, change.lost, -1);
    yield* book.recount(from);
  });

/** Adds learnt lessons to the counts, or takes them back, with what learning them came to. */
const addAll = (book: Book, rows: ReadonlyArray<LessonRow>, sign: 1 | -1) =>
  Effect.map(book.prepare(rows), (prepared) => {
    for (const one of prepared) book.add(one, learntOf(one.row), sign);
  });

const learntOf = ({ expected, blame, heard }: LessonRow): Learnt => ({
  expected: expected ?? 0,
  blame: blame ?? 0,
  heard,
});

/** Sets the counts right without learning anything again. */
const patch = (sql: SqlClient, book: Book, { until, late, lost, moved, near }: Change) =>
  Effect.gen(function* () {
    yield* addAll(book, lost, -1);
    yield* addAll(book, moved, -1);
    const elsewhere = moved.map((row) => ({ ...row, ...near.get(row.seq) }));
    yield* addAll(book, elsewhere, 1);
    const nearLate = yield* Neighbours.find(sql, late);
    const prepared = yield* book.prepare(
      late.map((row) => ({ ...row, ...nearLate.get(row.seq) })).sort(inOrder),
    );
    const learnt = prepared.map((one) => changedOf(one.row, book.learnLate(one)));
    yield* write(sql, [...elsewhere.map((row) => changedOf(row, learntOf(row))), ...learnt]);
    yield* book.recount(until);
  });

const inOrder = (a: Position, b: Position): number => (isAfter(a, b) ? 1 : -1);

/**
 * True where these are all that is to be learnt, are in no lesson's place, and no lesson there is
 * came after one of them. They need be written only once, with what learning them came to.
 */
const areNext = (sql: SqlClient, cluster: ClusterRow, columns: ReadonlyArray<Columns>) =>
  Effect.gen(function* () {
    const until = positionOf(cluster);
    const ids = new Set(columns.map(({ id }) => id));
    if (ids.size === 0 || ids.size < columns.length) return false;
    if (!columns.every((one) => isAfter(one, until))) return false;
    const waiting = yield* sql`SELECT 1 FROM memory_lessons
      WHERE cluster = ${cluster.id} AND (revealed, id) > (${until.revealed}, ${until.id}) LIMIT 1`;
    if (waiting.length > 0) return false;
    if (until.revealed === start.revealed) return true;
    for (const some of chunked([...ids], 5_000)) {
      const known = yield* sql`SELECT 1 FROM memory_lessons
        WHERE cluster = ${cluster.id} AND ${sql.in("id", some)} LIMIT 1`;
      if (known.length > 0) return false;
    }
    // What has been learnt began before it was revealed: after what begins later comes none of it.
    const early = columns.filter(({ started }) => started <= until.revealed);
    return !(yield* Neighbours.areAmong(sql, early));
  });

/** As many at once as are read at once: what it takes to learn them needn't be held for all. */
const learnNext = (sql: SqlClient, cluster: ClusterRow, columns: ReadonlyArray<Columns>) =>
  Effect.gen(function* () {
    const book = new Book(sql, cluster);
    const ordered = columns.toSorted(inOrder);
    const near = yield* Neighbours.findNew(sql, ordered, book.position);
    let from = 0;
    for (const page of chunked(ordered, pageSize)) {
      const prepared = yield* book.prepare(
        page.map((one, i) => toldOf(one, near[from + i] as Near)),
      );
      from += page.length;
      const learnt = prepared.map((one) => {
        const { expected, blame, heard } = book.learn(one);
        return Object.assign(one.row, { expected, blame, heard });
      });
      yield* sql`INSERT INTO memory_lessons ${sql.insert(learnt)}`;
    }
    yield* book.close();
  });

/** Field by field, which is many times faster than by spread: ledgers bring thousands. */
const toldOf = (it: Columns, { gap, together, last }: Near) => ({
  cluster: it.cluster,
  id: it.id,
  namespace: it.namespace,
  service: it.service,
  started: it.started,
  revealed: it.revealed,
  failed: it.failed,
  reason: it.reason,
  kind: it.kind,
  semver: it.semver,
  objects: it.objects,
  lines: it.lines,
  strategy: it.strategy,
  bot: it.bot,
  revert: it.revert,
  source: it.source,
  gap,
  together,
  last,
  // What learning it comes to. A field that came later would make each object anew.
  expected: NaN,
  blame: NaN,
  heard: null,
});

/** Learns what comes next, at least up to a position; answers how many lessons. */
const advance = (sql: SqlClient, book: Book, atLeast: Position = start) =>
  Effect.gen(function* () {
    let learnt = 0;
    while (learnt < learntAtOnce || isAfter(atLeast, book.position)) {
      const { revealed, id } = book.position;
      const rows = yield* sql<LessonRow>`SELECT * FROM memory_lessons
        WHERE cluster = ${book.cluster.id} AND (revealed, id) > (${revealed}, ${id})
        ORDER BY revealed, id LIMIT ${pageSize}`;
      learnt += yield* learnPage(sql, book, rows);
      if (rows.length < pageSize) break;
    }
    return learnt;
  });

/** The next lessons, in order. */
const learnPage = (sql: SqlClient, book: Book, rows: ReadonlyArray<LessonRow>) =>
  Effect.gen(function* () {
    if (rows.length === 0) return 0;
    const near = yield* Neighbours.find(sql, rows);
    const prepared = yield* book.prepare(rows.map((row) => ({ ...row, ...near.get(row.seq) })));
    yield* write(
      sql,
      prepared.map((one) => changedOf(one.row, book.learn(one))),
    );
    return rows.length;
  });

type Changed = readonly [
  seq: number,
  gap: number | null,
  together: string,
  last: string,
  expected: number,
  blame: number,
  heard: string | null,
];

/** What a lesson came after, and what learning it came to. */
const changedOf = (row: LessonRow, { expected, blame, heard }: Learnt): Changed => [
  row.seq,
  row.gap,
  row.together,
  row.last,
  expected,
  blame,
  heard,
];

const write = (sql: SqlClient, rows: ReadonlyArray<Changed>) =>
  Effect.forEach(
    chunked(rows, 1_000),
    (some) =>
      sql`WITH d (seq, gap, together, last, expected, blame, heard) AS (VALUES ${tuples(sql, some)})
      UPDATE memory_lessons SET gap = d.gap, together = d.together, last = d.last,
        expected = d.expected, blame = d.blame, heard = d.heard
      FROM d WHERE memory_lessons.seq = d.seq`,
    { discard: true },
  );
