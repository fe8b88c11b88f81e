/**
 * The one connection to the SQLite file: opened here, with the one `transaction`. Imported only
 * when the store is first used, since it brings the native module.
 *
 * better-sqlite3 is synchronous: what SQLite waits for, the whole process waits for. So SQLite
 * itself waits at most `busyMs`, and the rest of the waiting is done by Effect.
 */
import { layer as reactivity } from "@effect/experimental/Reactivity";
import { type SqlClient, TransactionConnection } from "@effect/sql/SqlClient";
import { SqlError } from "@effect/sql/SqlError";
import { make as makeClient } from "@effect/sql-sqlite-node/SqliteClient";
import { type Cause, Effect, Option, Ref, Schedule, type Scope } from "effect";
import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { latest } from "../migrations/Migration.js";
import type { StoreUnavailable } from "../StoreError.js";
import { codeOf, fromError, isBusy, unavailable } from "./failure.js";

/** The longest that SQLite may block the process for another's lock, in milliseconds. */
const busyMs = 50;

/** Between tries 5 ms to 100 ms, with jitter; given up after 10 s. */
const untilFree = Schedule.exponential("5 millis", 1.5).pipe(
  Schedule.union(Schedule.spaced("100 millis")),
  Schedule.jittered,
  Schedule.upTo("10 seconds"),
);

export const whileBusy = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.retry(effect, { while: isBusy, schedule: untilFree });

export interface Sqlite {
  readonly sql: SqlClient;
  readonly writable: boolean;
  /** Runs SQL alone as one transaction that holds the write lock from its start; again where the lock was another's. */
  readonly transaction: <A, E, R>(
    effect: Effect.Effect<A, E | SqlError, R>,
  ) => Effect.Effect<A, E | SqlError, R>;
}

/** Opens the store, and makes or migrates it where it must. Fails for every reason there is with its name. */
export const openSqlite = (path: string): Effect.Effect<Sqlite, StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const writable = yield* prepareFile(path);
    if (!writable) return yield* openReadOnly(path);
    return yield* connect(path, path, true).pipe(
      // The file may be written but not its folder, where SQLite keeps the log.
      Effect.catchIf(
        (failure) => failure.cause === "read_only",
        () => openReadOnly(path),
      ),
    );
  });

const openReadOnly = (path: string) =>
  connect(path, path, false).pipe(
    Effect.catchIf(
      (failure) => failure.cause === "read_only" || failure.cause === "permission",
      () => Effect.flatMap(copyAside(path), (copy) => connect(copy, path, false)),
    ),
  );

/** Makes folder (0700) and file (0600) where they are missing; false where the file is there but may not be written. */
const prepareFile = (path: string): Effect.Effect<boolean, StoreUnavailable> =>
  Effect.try({
    try: () => touch(path),
    catch: (error) =>
      codeOf(error) === "EISDIR"
        ? unavailable(path, "other", "it is a folder, where a file should be")
        : fromError(path)(error),
  }).pipe(
    Effect.as(true),
    Effect.catchIf(
      ({ cause }) => (cause === "read_only" || cause === "permission") && existsSync(path),
      () => Effect.succeed(false),
    ),
  );

/** Without promises: each would cost a command that only reads a turn through the thread pool. */
const touch = (path: string): void => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, "a+", 0o600));
};

const attempt = <A>(path: string, run: () => Promise<A>) =>
  Effect.tryPromise({ try: run, catch: fromError(path) });

/**
 * SQLite reads a file in WAL mode only where it may write beside it (or another process has it
 * open). Elsewhere, on a read-only disk, we read a copy of our own.
 */
const copyAside = (path: string) =>
  Effect.acquireRelease(
    attempt(path, () => mkdtemp(join(tmpdir(), "nopea-"))),
    (folder) => Effect.ignore(attempt(path, () => rm(folder, { recursive: true, force: true }))),
  ).pipe(
    Effect.flatMap((folder) =>
      attempt(path, async () => {
        const copy = join(folder, "nopea.db");
        await copyFile(path, copy);
        await copyFile(`${path}-wal`, `${copy}-wal`).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== "ENOENT") throw error;
        });
        return copy;
      }),
    ),
  );

/** `file` is what is opened, `path` what is named in errors. */
const connect = (file: string, path: string, writable: boolean) =>
  Effect.gen(function* () {
    const sql = yield* makeClient({
      filename: file,
      // The copy is ours: its log has to be written into it before it can be read.
      readonly: !writable && file === path,
      disableWAL: true,
    }).pipe(Effect.provide(reactivity), Effect.catchAllDefect(Effect.fail));
    yield* sql.unsafe(`PRAGMA busy_timeout = ${busyMs}`);
    const version = yield* whileBusy(userVersion(sql));
    if (version > latest) {
      return yield* unavailable(
        path,
        "newer_version",
        `a newer nopea wrote it (its version is ${version}; this one knows ${latest})`,
      );
    }
    if (!writable) {
      if (version === latest) return { sql, writable, transaction: makeTransaction(sql) };
      return yield* unavailable(
        path,
        "read_only",
        "an older nopea wrote it, and it is read-only here, so that it can't be brought up to date",
      );
    }
    const pending =
      version < latest ? yield* attempt(path, () => import("./migrate.js")) : undefined;
    if (pending !== undefined) yield* whileBusy(pending.refuseForeign(sql, path));
    yield* whileBusy(sql.unsafe("PRAGMA journal_mode = WAL"));
    yield* sql.unsafe("PRAGMA synchronous = NORMAL");
    if (pending !== undefined) yield* whileBusy(whole(sql, pending.migrate(sql), rollback(sql)));
    return { sql, writable, transaction: makeTransaction(sql) };
  }).pipe(Effect.mapError(fromError(path)));

const userVersion = (sql: SqlClient) =>
  Effect.map(
    sql.unsafe<{ user_version: number }>("PRAGMA user_version"),
    (rows) => rows[0]?.user_version ?? 0,
  );

/**
 * From BEGIN to COMMIT, or the same as part of another. Effect SQL dies where COMMIT or ROLLBACK
 * fails, which would leave the transaction open, or hide why it failed: on a full disk SQLite
 * rolls back by itself, and refuses the ROLLBACK that follows. `undo` closes what is left open.
 */
const whole = <A, E, R>(
  sql: SqlClient,
  effect: Effect.Effect<A, E, R>,
  undo: Effect.Effect<void>,
): Effect.Effect<A, E | SqlError, R> =>
  Effect.flatMap(Ref.make(Option.none<Cause.Cause<E>>()), (failure) => {
    const first = (defect: SqlError) =>
      Effect.flatMap(Ref.get(failure), (known): Effect.Effect<never, E | SqlError> =>
        Option.isSome(known) ? Effect.failCause(known.value) : Effect.fail(defect),
      );
    return sql
      .withTransaction(
        Effect.tapErrorCause(effect, (cause) => Ref.set(failure, Option.some(cause))),
      )
      .pipe(
        Effect.catchSomeDefect((defect) =>
          defect instanceof SqlError
            ? Option.some(Effect.zipRight(undo, first(defect)))
            : Option.none(),
        ),
      );
  });

const rollback = (sql: SqlClient) => Effect.ignore(sql.unsafe("ROLLBACK").unprepared);

const makeTransaction = (sql: SqlClient): Sqlite["transaction"] => {
  const one = Effect.unsafeMakeSemaphore(1);
  // A statement that may write, on no row: it takes the lock that BEGIN leaves to the first write.
  const lock = sql`UPDATE services SET deploys = deploys WHERE cluster IS NULL`;
  return (effect) =>
    Effect.flatMap(Effect.serviceOption(TransactionConnection), (outer) =>
      Option.isSome(outer)
        ? whole(sql, effect, Effect.void)
        : one
            .withPermits(1)(whole(sql, Effect.zipRight(lock, effect), rollback(sql)))
            .pipe(whileBusy),
    );
};
