/**
 * One process at a time, for what must not be done twice at once beside the store. The lock is
 * SQLite's, on an empty file of its own: the system gives it back when its process dies, however
 * it dies.
 */
import type Database from "better-sqlite3";
import { Effect, Schedule } from "effect";
import { dirname, join } from "node:path";
import type { StoreUnavailable } from "../StoreError.js";
import { fromError } from "./failure.js";
import { create } from "./file.js";

/** Opens a database by itself for as long as `use` takes. */
export const withDatabase = <A, E, R>(
  path: string,
  options: Database.Options,
  use: (db: Database.Database) => Effect.Effect<A, E, R>,
): Effect.Effect<A, E | StoreUnavailable, R> =>
  Effect.acquireUseRelease(
    Effect.tryPromise({
      try: async () => {
        const { default: Sqlite } = await import("better-sqlite3");
        return new Sqlite(path, options);
      },
      catch: fromError(path),
    }),
    use,
    (db) => Effect.sync(() => db.close()),
  );

/** Given up after a minute, which is longer than a large store takes to be copied. */
const untilFree = Schedule.spaced("100 millis").pipe(Schedule.upTo("1 minute"));

/** `wait: false`: fails at once, with the cause `busy`, where another process has its turn. */
export const exclusively = <A, E, R>(
  store: string,
  { wait }: { readonly wait: boolean },
  effect: Effect.Effect<A, E, R>,
): Effect.Effect<A, E | StoreUnavailable, R> =>
  Effect.gen(function* () {
    const path = join(dirname(store), "nopea.lock");
    yield* Effect.try({ try: () => create(path), catch: fromError(path) });
    return yield* withDatabase(path, { timeout: 0 }, (db) => {
      const lock = Effect.try({
        try: () => {
          // In memory, or it would leave an empty journal behind when it is killed.
          db.pragma("journal_mode = MEMORY");
          db.exec("BEGIN EXCLUSIVE");
        },
        catch: fromError(path),
      });
      const isBusy = ({ cause }: StoreUnavailable) => wait && cause === "busy";
      // What closes the database gives the lock back.
      return Effect.zipRight(Effect.retry(lock, { while: isBusy, schedule: untilFree }), effect);
    });
  });
