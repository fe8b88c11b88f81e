/**
 * What each deploy came after, by the lessons table: a function of which lessons there are, never
 * of the order in which they arrived.
 */
import type { SqlClient } from "@effect/sql/SqlClient";
import { Effect } from "effect";
import { chunked, type LessonRow, type Neighbours, type Position, start, tuples } from "./rows.js";

/** Deploys that began within this time of each other are seen as together; milliseconds. */
export const windowMs = 3_600_000;

/** How many services at most a deploy is seen together with: those that began last. */
export const togetherLimit = 64;

/** How many of the service's last outcomes count. */
const lastLimit = 3;

/** Later than every instant. */
const never = 9_000_000_000_000_000;

export interface Target {
  readonly seq: number;
  readonly namespace: number;
  readonly service: number;
  readonly started: number;
}

interface Began {
  readonly id: string;
  readonly namespace: number;
  readonly service: number;
  readonly started: number;
}

/** By `seq`. */
export const find = (sql: SqlClient, targets: ReadonlyArray<Target>) =>
  Effect.gen(function* () {
    const found = new Map<number, Neighbours>();
    for (const some of chunked(targets, 2_000)) {
      const own = yield* ofServices(sql, some);
      const began = yield* inWindows(sql, some);
      for (const target of some) {
        const { gap, last } = own.get(target.seq) ?? { gap: null, last: "" };
        const together = togetherOf(began.get(target.namespace) ?? [], target).join(",");
        found.set(target.seq, { gap, last, together });
      }
    }
    return found;
  });

/** A lesson that the table doesn't have yet. */
type New = Omit<Target, "seq"> & Position & { readonly failed: number };

/**
 * The same for lessons that the table doesn't have, in the order of their reveal, by each other and
 * by those it has: which were all revealed before them, up to `until`, and in their namespaces began
 * before them. Answers in their order.
 */
export const findNew = (sql: SqlClient, lessons: ReadonlyArray<New>, until: Position) =>
  Effect.gen(function* () {
    const near = new Map<New, { gap: number | null; last: string }>();
    for (const own of grouped(lessons, ({ service }) => service).values()) addOwn(near, own);
    // Below 0 there is no `seq`: none of the table's is one of these.
    const targets = lessons.map(({ namespace, service, started }, i): Target => ({
      seq: -1 - i,
      namespace,
      service,
      started,
    }));
    const isFirst = until.revealed === start.revealed;
    const beyond = isFirst
      ? []
      : targets.filter((_, i) => {
          const own = near.get(lessons[i] as New);
          return own?.gap === null || (own?.last.length ?? 0) < lastLimit;
        });
    const before = new Map<number, Pick<Neighbours, "gap" | "last">>();
    for (const some of chunked(beyond, 2_000))
      for (const [seq, own] of yield* ofServices(sql, some)) before.set(seq, own);
    const began = yield* inWindows(
      sql,
      targets.filter(({ started }) => started - windowMs <= until.revealed),
    );
    for (const [namespace, some] of grouped(lessons, ({ namespace }) => namespace)) {
      const known = began.get(namespace);
      const sorted = some.sort((a, b) => a.started - b.started || (a.id < b.id ? 1 : -1));
      began.set(namespace, known === undefined ? sorted : [...known, ...sorted]);
    }
    return targets.map((target, i): Neighbours => {
      const own = near.get(lessons[i] as New) ?? { gap: null, last: "" };
      const older = before.get(target.seq);
      return {
        gap: own.gap ?? older?.gap ?? null,
        last: older === undefined ? own.last : (older.last + own.last).slice(-lastLimit),
        together: togetherOf(began.get(target.namespace) ?? [], target).join(","),
      };
    });
  });

/** As `ofService`, of one service's lessons in the order of their reveal. */
const addOwn = (
  near: Map<New, { gap: number | null; last: string }>,
  lessons: ReadonlyArray<New>,
): void => {
  let earlier: number | undefined;
  let previous: number | undefined;
  let revealed = 0;
  for (const lesson of lessons.toSorted((a, b) => a.started - b.started)) {
    const { started } = lesson;
    if (previous !== started) earlier = previous;
    previous = started;
    while ((lessons[revealed]?.revealed ?? never) <= started) revealed++;
    let last = "";
    for (let i = revealed - 1; i >= 0 && last.length < lastLimit; i--)
      if (lessons[i] !== lesson) last = (lessons[i]?.failed === 1 ? "F" : "o") + last;
    near.set(lesson, { gap: earlier === undefined ? null : started - earlier, last });
  }
};

const grouped = <A>(items: ReadonlyArray<A>, keyOf: (item: A) => number) => {
  const groups = new Map<number, Array<A>>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
};

/**
 * True where one of the table's lessons began in the namespace of one of these, and at no earlier
 * instant: it may have come after it.
 */
export const areAmong = (sql: SqlClient, lessons: ReadonlyArray<New>) =>
  Effect.gen(function* () {
    const first = new Map<number, number>();
    for (const { namespace, started } of lessons)
      first.set(namespace, Math.min(started, first.get(namespace) ?? never));
    for (const some of chunked([...first], 2_000)) {
      const rows = yield* sql`WITH d (namespace, started) AS (VALUES ${tuples(sql, some)})
        SELECT 1 FROM d CROSS JOIN memory_lessons l
        WHERE l.namespace = d.namespace AND l.started >= d.started LIMIT 1`;
      if (rows.length > 0) return true;
    }
    return false;
  });

/**
 * Columns of each row of `d` (seq, service, started): the time since the last beginning, and the
 * last outcomes that were known at this one's.
 */
export const ofService = (sql: SqlClient) =>
  sql`d.started - (
      SELECT p.started FROM memory_lessons p
      WHERE p.service = d.service AND p.started < d.started
      ORDER BY p.started DESC LIMIT 1) AS gap,
    (SELECT group_concat(o.failed, '') FROM (
      SELECT p.failed FROM memory_lessons p
      WHERE p.service = d.service AND p.revealed <= d.started AND p.seq <> d.seq
      ORDER BY p.revealed DESC, p.id DESC LIMIT ${lastLimit}) o) AS last`;

/** The column `last` (newest first) as it is kept: oldest first. */
export const lettersOf = (last: string | null): string => {
  let letters = "";
  for (const failed of last ?? "") letters = (failed === "1" ? "F" : "o") + letters;
  return letters;
};

const ofServices = (sql: SqlClient, targets: ReadonlyArray<Target>) =>
  Effect.map(
    sql<{ seq: number; gap: number | null; last: string | null }>`
      WITH d (seq, service, started) AS (VALUES ${tuples(
        sql,
        targets.map(({ seq, service, started }) => [seq, service, started]),
      )}) SELECT d.seq, ${ofService(sql)} FROM d`,
    (rows) => new Map(rows.map(({ seq, gap, last }) => [seq, { gap, last: lettersOf(last) }])),
  );

/** What began in a namespace in the windows before the targets: by namespace, in order of time. */
const inWindows = (sql: SqlClient, targets: ReadonlyArray<Target>) =>
  Effect.gen(function* () {
    const windows = merged(targets.map(({ namespace, started }) => ({ namespace, started })));
    const began = new Map<number, Array<Began>>();
    for (const some of chunked(windows, 500)) {
      const rows = yield* sql<Began>`
        WITH d (namespace, since, until) AS (VALUES ${tuples(sql, some)})
        SELECT l.id, l.namespace, l.service, l.started FROM d
        CROSS JOIN memory_lessons l
        WHERE l.namespace = d.namespace AND l.started >= d.since AND l.started <= d.until
        ORDER BY l.namespace, l.started, l.id DESC`;
      for (const row of rows) {
        const list = began.get(row.namespace);
        if (list === undefined) began.set(row.namespace, [row]);
        else list.push(row);
      }
    }
    return began;
  });

/** Windows before each instant that touch are one. */
const merged = (
  instants: ReadonlyArray<{ readonly namespace: number; readonly started: number }>,
): ReadonlyArray<readonly [number, number, number]> => {
  const sorted = instants.toSorted((a, b) => a.namespace - b.namespace || a.started - b.started);
  const windows: Array<[number, number, number]> = [];
  for (const { namespace, started } of sorted) {
    const last = windows.at(-1);
    if (last !== undefined && last[0] === namespace && started - windowMs <= last[2])
      last[2] = started;
    else windows.push([namespace, started - windowMs, started]);
  }
  return windows;
};

/** Ids of the services that began in the window before the target, the last first. */
const togetherOf = (began: ReadonlyArray<Began>, target: Target): ReadonlyArray<number> => {
  const services = new Set<number>();
  for (let i = firstAfter(began, target.started) - 1; i >= 0; i--) {
    const { service, started } = began[i] as Began;
    if (started < target.started - windowMs || services.size === togetherLimit) break;
    if (service !== target.service) services.add(service);
  }
  return [...services];
};

const firstAfter = (began: ReadonlyArray<Began>, at: number): number => {
  let [low, high] = [0, began.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((began[middle] as Began).started <= at) low = middle + 1;
    else high = middle;
  }
  return low;
};

/**
 * The learnt lessons (up to `until`, and older in the table than `newerSeq`) that may have come
 * after one of those that were added or removed.
 */
export const affected = (
  sql: SqlClient,
  changed: ReadonlyArray<Target & Position>,
  until: Position,
  newerSeq: number,
) =>
  Effect.gen(function* () {
    const found = new Map<number, LessonRow>();
    if (until.revealed === start.revealed) return [];
    // What has been learnt began before it was revealed: after what begins later comes none of it.
    const early = changed.filter(({ started }) => started <= until.revealed);
    for (const some of chunked(early, 1_000)) {
      const d = sql`d (namespace, service, started, revealed, id) AS (VALUES ${tuples(
        sql,
        some.map((one) => [one.namespace, one.service, one.started, one.revealed, one.id]),
      )})`;
      const rows = yield* sql<LessonRow>`WITH ${d}, touched (seq) AS (
          SELECT l.seq FROM d CROSS JOIN memory_lessons l
          WHERE l.namespace = d.namespace AND l.started >= d.started
            AND l.started <= d.started + ${windowMs} AND l.service <> d.service
          UNION
          SELECT l.seq FROM d CROSS JOIN memory_lessons l
          WHERE l.service = d.service AND l.started > d.started AND l.started <= (
            SELECT n.started FROM memory_lessons n
            WHERE n.service = d.service AND n.started > d.started ORDER BY n.started LIMIT 1)
          UNION
          SELECT l.seq FROM d CROSS JOIN memory_lessons l
          WHERE l.service = d.service AND l.started >= d.revealed AND l.started < COALESCE((
            SELECT n.revealed FROM memory_lessons n
            WHERE n.service = d.service AND (n.revealed, n.id) > (d.revealed, d.id)
            ORDER BY n.revealed, n.id LIMIT 1 OFFSET ${lastLimit - 1}), ${never}))
        SELECT l.* FROM touched t CROSS JOIN memory_lessons l ON l.seq = t.seq
        WHERE l.seq < ${newerSeq} AND (l.revealed, l.id) <= (${until.revealed}, ${until.id})`;
      for (const row of rows) found.set(row.seq, row);
    }
    return [...found.values()];
  });
