/**
 * Statements that go straight to the connection. As @effect/sql makes them, each opens a span and
 * a scope and takes its turn on a semaphore, free or not: ten times what else a small query leaves
 * behind, and most of what a context costs. Here a statement waits only where a transaction of this
 * process is under way that it is no part of. `sql.unsafe` stays what it was.
 */
import { type SqlClient, TransactionConnection } from "@effect/sql/SqlClient";
import type { Connection } from "@effect/sql/SqlConnection";
import type { SqlError } from "@effect/sql/SqlError";
import type { Statement } from "@effect/sql/Statement";
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
  return Object.assign(tag, sql) as SqlClient;
};
