/**
 * Deploys and their progress, row by row. What changes a row takes the SQL client of a
 * transaction that holds the write lock already.
 */
import type { SqlClient } from "@effect/sql/SqlClient";
import { type DeployId, Progress, type Service } from "@nopea/domain";
import { Effect, Option, Schema } from "effect";
import type { DeployRow } from "../DeployRow.js";
import { type Columns, decode, decodeAll, encode } from "./columns.js";
import { count, countAll } from "./services.js";

export const ofService = (sql: SqlClient, ref: Service.ServiceRef) =>
  sql`cluster = ${ref.cluster} AND namespace = ${ref.namespace} AND service = ${ref.service}`;

export const find = (sql: SqlClient, id: DeployId.DeployId) =>
  Effect.flatMap(sql<Columns>`SELECT * FROM deploys WHERE id = ${id}`, ([row]) =>
    row === undefined ? Effect.succeedNone : decode(row),
  );

export const history = (sql: SqlClient, ref: Service.ServiceRef, limit: number) =>
  Effect.flatMap(
    sql<Columns>`SELECT * FROM deploys WHERE ${ofService(sql, ref)} AND state <> 'refused'
      ORDER BY id DESC LIMIT ${limit}`,
    decodeAll,
  );

export const insert = (sql: SqlClient, columns: Columns, owner: string) =>
  Effect.gen(function* () {
    yield* sql`INSERT INTO deploys ${sql.insert({ ...columns, owner })}`;
    if (columns.state !== "refused") yield* count(sql, columns, 1);
  });

/** Everything but whose it is: `nameCluster` alone changes that. */
const update = (sql: SqlClient, { id, cluster, namespace, service, ...rest }: Columns) =>
  sql`UPDATE deploys SET ${sql.update(rest)} WHERE id = ${id}`;

export const put = (sql: SqlClient, row: DeployRow) =>
  Effect.gen(function* () {
    const columns = encode(row);
    const [old] = yield* sql<Columns>`SELECT * FROM deploys WHERE id = ${row.id}`;
    if (old === undefined) {
      yield* insert(sql, columns, "");
      return true;
    }
    if (old.state === "ended") return false;
    yield* update(sql, columns);
    const change = Number(row.state !== "refused") - Number(old.state !== "refused");
    if (change !== 0) yield* count(sql, old, change);
    return true;
  });

/** Rows in one statement: far below SQLite's limit of parameters (32,766). */
const rowsAtOnce = 400;

/** By their ids, which is about as they ended: what is learnt together lies together in the file. */
const byId = (a: DeployRow, b: DeployRow): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** Answers those that were new, which are marked as learnt where the caller learns them. */
export const takeIn = (sql: SqlClient, rows: ReadonlyArray<DeployRow>, learned: boolean) =>
  Effect.gen(function* () {
    const added: Array<DeployRow> = [];
    const sorted = rows.toSorted(byId);
    for (let start = 0; start < sorted.length; start += rowsAtOnce)
      added.push(...(yield* takeInSome(sql, sorted.slice(start, start + rowsAtOnce), learned)));
    return added;
  });

const takeInSome = (sql: SqlClient, theirs: ReadonlyArray<DeployRow>, learned: boolean) =>
  Effect.gen(function* () {
    const own = { owner: "", learned: Number(learned) };
    const inserted = yield* sql<Pick<Columns, "id">>`INSERT INTO deploys ${sql.insert(
      // Not by spread: to copy thousands takes as long as a third of inserting them.
      theirs.map((row) => Object.assign(encode(row) as object, own)),
    )} ON CONFLICT (id) DO NOTHING RETURNING id`;
    const fresh = new Set(inserted.map(({ id }) => id));
    const added: Array<DeployRow> = [];
    const others: Array<Columns> = [];
    // The same id twice among them: the first was inserted, the second is merged with it.
    for (const row of theirs)
      if (fresh.delete(row.id)) added.push(row);
      else others.push(encode(row));
    yield* countAll(
      sql,
      added.flatMap(({ state, ref }) => (state === "refused" ? [] : [ref])),
    );
    if (others.length === 0) return added;
    const found = yield* sql<Columns>`SELECT * FROM deploys WHERE ${sql.in(
      "id",
      others.map(({ id }) => id),
    )}`;
    const known = new Map(found.map((columns) => [columns.id, columns]));
    for (const columns of others) {
      const ours = known.get(columns.id);
      if (ours === undefined) continue;
      const merged = merge(ours, columns);
      if (merged === ours) continue;
      known.set(ours.id, merged);
      yield* update(sql, merged);
      if (isAnotherLesson(ours, merged))
        yield* sql`UPDATE deploys SET learned = 0 WHERE id = ${ours.id}`;
      if (ours.state === "refused") yield* count(sql, ours, 1);
    }
    return added;
  });

/** True where memory learnt from a row that knew less: it learns from this one again. */
const isAnotherLesson = (ours: Columns, merged: Columns): boolean =>
  ours.state === "ended" &&
  (["reason", "rollback_of", "change", "who"] as const).some((key) => ours[key] !== merged[key]);

/**
 * What the store has and what the cluster says of one deploy. The ledger is right about the
 * outcome of a deploy that hasn't ended here, and a result that says otherwise is dropped; else
 * ours stands, and theirs fills in what it lacks.
 */
const merge = (ours: Columns, theirs: Columns): Columns => {
  if (ours.state === "ended") {
    const lacks = (Object.keys(theirs) as ReadonlyArray<keyof Columns>).some(
      (key) => ours[key] === null && theirs[key] !== null,
    );
    return lacks && ours.outcome === theirs.outcome ? fill(ours, theirs) : ours;
  }
  if (theirs.state !== "ended") return ours;
  const agrees = ours.outcome === null || ours.outcome === theirs.outcome;
  return {
    ...fill(agrees ? ours : { ...ours, reason: null, restored: null, result: null }, theirs),
    state: theirs.state,
    ended_at: theirs.ended_at,
    outcome: theirs.outcome,
    unchanged: theirs.unchanged,
    ...(theirs.reason === null ? {} : { reason: theirs.reason }),
  };
};

const fill = (ours: Columns, theirs: Columns): Columns => {
  const given = Object.entries(ours).filter(([key, value]) => key in theirs && value !== null);
  return { ...theirs, ...Object.fromEntries(given) };
};

const event = Schema.parseJson(Progress.Progress);
const encodeEvent = (progress: Progress.Progress) => Schema.encodeSync(event)(progress);
const decodeEvent = (text: string) => Schema.decode(event)(text);

/** The same event twice is one. */
export const addProgress = (sql: SqlClient, progress: Progress.Progress) =>
  sql`INSERT INTO progress ${sql.insert({
    deploy: progress.deployId,
    seq: progress.seq,
    event: encodeEvent(progress),
  })} ON CONFLICT (deploy, seq) DO NOTHING`;

export const progress = (sql: SqlClient, id: DeployId.DeployId) =>
  Effect.flatMap(
    sql<{ seq: number; event: string }>`SELECT seq, event FROM progress
      WHERE deploy = ${id} ORDER BY seq`,
    (rows) =>
      Effect.map(
        Effect.forEach(rows, ({ seq, event }) =>
          decodeEvent(event).pipe(
            Effect.asSome,
            Effect.catchAll((error) =>
              Effect.as(
                Effect.logWarning(
                  `event ${seq} of deploy ${id} can't be read from the store: ${error.message}`,
                ),
                Option.none<Progress.Progress>(),
              ),
            ),
          ),
        ),
        (decoded) => decoded.flatMap(Option.toArray),
      ),
  );
