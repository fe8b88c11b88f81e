/**
 * Statements that go straight to the connection. As @effect/sql makes them, each opens a span and
 * a scope and takes its turn on a semaphore, free or not: ten times what else a small query leaves
 * behind, and most of what a context costs. Here a statement waits only where a transaction of this
 * process is under way that it is no part of. `sql.unsafe` stays what it was.
 *
 * What `sql.insert` makes of its rows is the same, but made at once: piece by piece the text of
 * many rows takes as long as inserting them.
 */
import { type SqlClient, TransactionConnection } from "@effect/sql/SqlClient";
import type { Connection } from "@effect/sql/SqlConnection";
import type { SqlError } from "@effect/sql/SqlError";
import { type Fragment, type Statement, unsafeFragment } from "@effect/sql/Statement";
import { Context, Effect, Option } from "effect";

/** The connection is one: of this process's transactions one runs at a time. */
export class Turn {
  readonly #semaphore = Effect.unsafeMakeSemaphore(1);
  #isTaken = false;

  /** Runs a transaction once those before it are over. */
  take<A, E, R>(transaction: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.acquireUseRelease(
      Effect.sync(() => (this.#isTaken = true)),
      () => transaction,
      () => Effect.sync(() => (this.#isTaken = false)),
    ).pipe(this.#semaphore.withPermits(1));
  }

  /** For what belongs to no transaction. */
  await<A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return this.#isTaken
      ? Effect.zipRight(this.#semaphore.withPermits(1)(Effect.void), effect)
      : effect;
  }
}

export const direct = (sql: SqlClient, connection: Connection, turn: Turn): SqlClient => {
  const run = (statement: Statement<object>): Effect.Effect<ReadonlyArray<object>, SqlError> =>
    Effect.withFiberRuntime((fiber) => {
      const [text, values] = statement.compile();
      const transaction = Context.getOption(fiber.currentContext, TransactionConnection);
      return Option.isSome(transaction)
        ? transaction.value[0].execute(text, values, undefined)
        : turn.await(connection.execute(text, values, undefined));
    });

  const tag = (first: TemplateStringsArray | string, ...rest: Array<never>) => {
    if (typeof first === "string") return sql(first);
    const statement = sql<object>(first, ...rest);
    // What an effect of a class of its own does when it is run.
    return Object.assign(statement, { commit: () => run(statement) });
  };
  return Object.assign(tag, sql, { insert }) as unknown as SqlClient;
};

type Row = Readonly<Record<string, unknown>>;

const insert = (rows: Row | ReadonlyArray<Row>): Fragment => {
  const all = (Array.isArray(rows) ? rows : [rows]) as ReadonlyArray<Row>;
  const columns = Object.keys(all[0] ?? {});
  const values = new Array<unknown>(all.length * columns.length);
  let filled = 0;
  for (const row of all) for (const column of columns) values[filled++] = row[column];
  const names = columns.map((column) => `"${column}"`).join(",");
  const tuple = `(${"?,".repeat(columns.length).slice(0, -1)})`;
  return unsafeFragment(`(${names}) VALUES ${`${tuple},`.repeat(all.length).slice(0, -1)}`, values);
};
