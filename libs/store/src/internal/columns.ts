/**
 * A deploy between `DeployRow` and the columns of the table: its schema's encoded form, with the
 * nested parts as JSON text. Only the result has another form in code; the rest is written as it
 * is, since ledgers bring thousands of rows at a time.
 */
import { DeployResult } from "@nopea/domain";
import { Effect, Option, Schema } from "effect";
import { DeployRow } from "../DeployRow.js";

export interface Columns {
  readonly id: string;
  readonly cluster: string;
  readonly namespace: string;
  readonly service: string;
  readonly state: string;
  readonly origin: string;
  readonly strategy: string;
  readonly accepted_at: string;
  readonly ended_at: string | null;
  readonly outcome: string | null;
  readonly reason: string | null;
  /** 0 or 1: SQLite has no booleans. */
  readonly restored: number | null;
  readonly rollback_of: string | null;
  readonly unchanged: number;
  readonly change: string | null;
  readonly who: string | null;
  readonly digest: string | null;
  readonly result: string | null;
}

// Compiled at the first use: a command that only reads pays for reading alone.
const encodeResult = (result: DeployResult.DeployResult) =>
  Schema.encodeSync(DeployResult.DeployResult)(result);
const decodeRow = (row: unknown) => Schema.decodeUnknown(DeployRow)(row);

const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));

/** Throws only where the result isn't what its type says. */
export const encode = (it: DeployRow): Columns => {
  return {
    id: it.id,
    cluster: it.ref.cluster,
    namespace: it.ref.namespace,
    service: it.ref.service,
    state: it.state,
    origin: it.origin,
    strategy: it.strategy,
    accepted_at: it.acceptedAt,
    ended_at: it.endedAt ?? null,
    outcome: it.outcome ?? null,
    reason: it.reason ?? null,
    restored: it.restored === undefined ? null : Number(it.restored),
    rollback_of: it.rollbackOf ?? null,
    unchanged: Number(it.unchanged),
    change: json(it.change),
    who: json(it.who),
    digest: it.digest ?? null,
    result: it.result === undefined ? null : JSON.stringify(encodeResult(it.result)),
  };
};

const parse = (text: string | null): unknown => (text === null ? null : JSON.parse(text));

/** The result as it is now: the cluster's id may have become known after it was written. */
const resultOf = ({ result, cluster }: Columns): unknown => {
  const parsed = parse(result) as Record<string, unknown> | null;
  return parsed !== null && "cluster" in parsed ? { ...parsed, cluster } : parsed;
};

const encodedOf = (it: Columns): Record<string, unknown> => {
  const encoded = {
    id: it.id,
    ref: { cluster: it.cluster, namespace: it.namespace, service: it.service },
    state: it.state,
    origin: it.origin,
    strategy: it.strategy,
    acceptedAt: it.accepted_at,
    endedAt: it.ended_at,
    outcome: it.outcome,
    reason: it.reason,
    restored: it.restored === null ? null : Number(it.restored) === 1,
    rollbackOf: it.rollback_of,
    unchanged: Number(it.unchanged) === 1,
    change: parse(it.change),
    who: parse(it.who),
    digest: it.digest,
    result: resultOf(it),
  };
  return Object.fromEntries(Object.entries(encoded).filter(([, value]) => value !== null));
};

/** None, and a line in the log, where the row can't be read. */
export const decode = (columns: Columns): Effect.Effect<Option.Option<DeployRow>> =>
  Effect.try(() => encodedOf(columns)).pipe(
    Effect.flatMap(decodeRow),
    Effect.asSome,
    Effect.catchAll((error) =>
      Effect.as(
        Effect.logWarning(`deploy ${columns.id} can't be read from the store: ${error.message}`),
        Option.none(),
      ),
    ),
  );

/** Those that can be read, in their order. */
export const decodeAll = (rows: ReadonlyArray<Columns>): Effect.Effect<ReadonlyArray<DeployRow>> =>
  Effect.map(Effect.forEach(rows, decode), (decoded) => decoded.flatMap(Option.toArray));
