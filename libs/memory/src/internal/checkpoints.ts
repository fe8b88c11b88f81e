/**
 * The model as it was after some of the lessons: where learning begins again when one arrives
 * late. Close together for what was learnt last, and ever wider apart.
 */
import type { SqlClient } from "@effect/sql/SqlClient";
import { Effect } from "effect";
import * as Model from "../risk/Model.js";
import { type Position, start } from "./rows.js";

export interface Checkpoint extends Position {
  /** How many lessons were learnt. */
  readonly learnt: number;
  readonly model: Model.Model;
}

/** One every so many lessons, as long as it lies within so many of the last. */
const levels = [
  { every: 16, within: 128 },
  { every: 256, within: 2_048 },
  { every: 2_048, within: 16_384 },
];

export const isDue = (learnt: number): boolean => learnt % 16 === 0;

const isKept = (learnt: number, now: number): boolean =>
  levels.some(({ every, within }) => learnt % every === 0 && now - learnt <= within);

export const textOf = (model: Model.Model): string => JSON.stringify(model);

/** Nothing learnt yet: what is shipped. */
export const modelOf = (text: string): Model.Model =>
  text === "" ? Model.initial : (JSON.parse(text) as Model.Model);

export const before = (sql: SqlClient, cluster: number, position: Position) =>
  Effect.map(
    sql<{ revealed: number; lesson: string; learnt: number; model: string }>`
      SELECT revealed, lesson, learnt, model FROM memory_models
      WHERE cluster = ${cluster} AND (revealed, lesson) < (${position.revealed}, ${position.id})
      ORDER BY revealed DESC, lesson DESC LIMIT 1`,
    ([row]): Checkpoint =>
      row === undefined
        ? { ...start, learnt: 0, model: Model.initial }
        : { revealed: row.revealed, id: row.lesson, learnt: row.learnt, model: modelOf(row.model) },
  );

export const dropAfter = (sql: SqlClient, cluster: number, { revealed, id }: Position) =>
  sql`DELETE FROM memory_models
    WHERE cluster = ${cluster} AND (revealed, lesson) > (${revealed}, ${id})`;

export const write = (
  sql: SqlClient,
  cluster: number,
  checkpoints: ReadonlyArray<Checkpoint>,
  learnt: number,
) =>
  Effect.gen(function* () {
    const kept = checkpoints.filter((one) => isKept(one.learnt, learnt));
    if (kept.length === 0) return;
    yield* sql`INSERT INTO memory_models ${sql.insert(
      kept.map((one) => ({
        cluster,
        revealed: one.revealed,
        lesson: one.id,
        learnt: one.learnt,
        model: textOf(one.model),
      })),
    )} ON CONFLICT (cluster, revealed, lesson)
      DO UPDATE SET learnt = excluded.learnt, model = excluded.model`;
    yield* sql`DELETE FROM memory_models WHERE cluster = ${cluster} AND NOT ${sql.or(
      levels.map(
        ({ every, within }) => sql`(learnt % ${every} = 0 AND learnt >= ${learnt - within})`,
      ),
    )}`;
  });
