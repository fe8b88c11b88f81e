/**
 * The rows of memory's tables, and the two ways in which SQL takes many of them at once. Their
 * columns are described in the room's README.
 */
import type { SqlClient } from "@effect/sql/SqlClient";
import type { Fragment } from "@effect/sql/Statement";
import { DeployId, type Reason } from "@nopea/domain";
import type { ChangeFacts, Lesson } from "../Lesson.js";
import * as Model from "../risk/Model.js";

/** One cluster's memory: up to which lesson it has learnt, and the model it came to. */
export interface ClusterRow {
  readonly id: number;
  readonly cluster: string;
  /** Of the learner: what another one learnt is learnt anew. */
  readonly version: number;
  readonly learnt: number;
  readonly failed: number;
  /** All lessons up to this place in the order of reveal are learnt, and none after it. */
  readonly revealed: number;
  readonly lesson: string;
  readonly model: string;
  /** How many pairs were seen often enough to be tested. */
  readonly tested: number;
}

/** A place in the order in which lessons are learnt: when they were revealed, then their ids. */
export interface Position {
  readonly revealed: number;
  readonly id: string;
}

/** Before every lesson. */
export const start: Position = { revealed: -1, id: "" };

export const isAfter = (a: Position, b: Position): boolean =>
  a.revealed === b.revealed ? a.id > b.id : a.revealed > b.revealed;

export const positionOf = (cluster: Pick<ClusterRow, "revealed" | "lesson">): Position => ({
  revealed: cluster.revealed,
  id: cluster.lesson,
});

/** Of which learner the stored figures are: another one's, or of other features, are learnt anew. */
export const version = Model.version * 1_000 + Model.initial.weights.length;

export interface Place {
  readonly id: number;
  readonly namespaceId: number;
  readonly namespace: string;
  readonly service: string;
  readonly learnAfter: DeployId.DeployId | null;
}

/** What a deploy came after: kept with its lesson, so that it can be taken back as it was added. */
export interface Neighbours {
  readonly gap: number | null;
  /** Ids of services, the one that began last first; empty for none. */
  readonly together: string;
  /** `o` and `F`, oldest first. */
  readonly last: string;
}

/** What a lesson says, and what it came after. */
export interface Told extends Neighbours {
  readonly id: string;
  readonly namespace: number;
  readonly service: number;
  readonly started: number;
  readonly revealed: number;
  readonly failed: number;
  readonly reason: Reason.Reason | null;
  readonly kind: ChangeFacts["kind"] | null;
  readonly semver: ChangeFacts["semver"] | null;
  readonly objects: number | null;
  readonly lines: number | null;
  readonly strategy: Lesson["strategy"];
  readonly bot: number | null;
  readonly revert: number;
  readonly source: Lesson["source"];
}

export interface LessonRow extends Told {
  readonly seq: number;
  /** What learning it came to; null until it is learnt. */
  readonly expected: number | null;
  readonly blame: number | null;
  readonly heard: string | null;
}

export const numberOrNull = (value: boolean | undefined): number | null =>
  value === undefined ? null : Number(value);

/** The columns of a lesson that is new. */
export const columnsOf = (lesson: Lesson, cluster: number, place: Place) => ({
  cluster,
  id: lesson.id,
  namespace: place.namespaceId,
  service: place.id,
  started: lesson.startedAt,
  revealed: lesson.revealedAt,
  failed: Number(lesson.failed),
  reason: lesson.reason ?? null,
  kind: lesson.change?.kind ?? null,
  semver: lesson.change?.semver ?? null,
  objects: lesson.change?.objects ?? null,
  lines: lesson.change?.lines ?? null,
  strategy: lesson.strategy,
  bot: numberOrNull(lesson.bot),
  revert: Number(lesson.isRevert),
  source: lesson.source,
});
export type Columns = ReturnType<typeof columnsOf>;

export const changeOf = (row: Told): ChangeFacts | undefined =>
  row.kind === null || row.semver === null
    ? undefined
    : { kind: row.kind, semver: row.semver, objects: row.objects ?? 0, lines: row.lines ?? 0 };

/** A service's lessons up to `memory forget` are history: by their ids, or else by when they began. */
export const isForgotten = (
  { id, source, startedAt }: Pick<Lesson, "id" | "source" | "startedAt">,
  learnAfter: DeployId.DeployId | null,
): boolean =>
  learnAfter !== null &&
  (source === "deploy" ? id <= learnAfter : startedAt <= DeployId.toMillis(learnAfter));

/** `(…), (…)`: what follows `VALUES`. */
export const tuples = (
  sql: SqlClient,
  rows: ReadonlyArray<ReadonlyArray<string | number | null>>,
): Fragment => sql.join(", ", false)(rows.map((row) => sql`${sql.in(row)}`));

/**
 * Rows in one statement, of which there are often thousands, and seldom equally many: nearly all
 * statements then have the same text, which is compiled once.
 */
export const rowsAlike = 200;

/** In parts of at most `size`, so that a statement stays below SQLite's 32,766 parameters. */
export const chunked = <A>(
  items: ReadonlyArray<A>,
  size: number,
): ReadonlyArray<ReadonlyArray<A>> => {
  if (items.length <= size) return items.length === 0 ? [] : [items];
  const parts: Array<ReadonlyArray<A>> = [];
  for (let i = 0; i < items.length; i += size) parts.push(items.slice(i, i + size));
  return parts;
};
