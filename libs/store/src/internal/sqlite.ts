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
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { latest } from "../migrations/Migration.js";
import type { StoreUnavailable } from "../StoreError.js";
import { attempt, fromError, isBusy, unavailable } from "./failure.js";
import { Damaged, type FileId, idOf, prepareFile } from "./file.js";
import { direct, Turn } from "./statements.js";

/** The longest that SQLite may block the process for another's lock, in milliseconds. */
const busyMs = 50;

/**
 * Of a large store little is read twice, so that SQLite keeps 4 MB of pages where it would 16; but
 * what a transaction has changed is written once, at its end: nothing is spilled below 16 MB. The
 * log may grow to 32 MB: what many ledgers bring goes into the file once, not after each commit.
 */
const paging = ["cache_size = -4000", "cache_spill = 4000", "wal_autocheckpoint = 8000"];

/** Between tries 5 ms to 100 ms, with jitter; given up after 10 s. */
const untilFree = Schedule.exponential("5 millis", 1.5).pipe(
  Schedule.union(Schedule.spaced("100 millis")),
  Schedule.jittered,
  Schedule.upTo("10 seconds"),
);

/** What is needed to try again is made only where it must be. */
export const whileBusy = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.catchIf(effect, isBusy, () =>
    Effect.retry(effect, { while: isBusy, schedule: untilFree }),
  );

export interface Sqlite {
  readonly sql: SqlClient;
  /** Why it can only be read. */
  readonly readOnly: Option.Option<"read_only" | "disk_full">;
  /** Runs SQL alone as one transaction that holds the write lock from its start; again where the lock was another's. */
  readonly transaction: <A, E, R>(
    effect: Effect.Effect<A, E | SqlError, R>,
  ) => Effect.Effect<A, E | SqlError, R>;
}

/** Opened by its name; another file may have the name later. */
export interface Opened extends Sqlite {
  readonly file: FileId;
}

/**
 * Opens the store, and makes or migrates it where it must. Fails for every reason there is with
 * its name, and with `Damaged` where it could be restored.
 */
export const openSqlite = (
  path: string,
): Effect.Effect<Opened, StoreUnavailable | Damaged, Scope.Scope> =>
  Effect.gen(function* () {
    const { id: file, writable } = yield* prepareFile(path);
    if (!writable) return { ...(yield* openReadOnly(path)), file };
    return yield* connect(path, path, true, file).pipe(
      Effect.catchAll((failure): Effect.Effect<Sqlite, StoreUnavailable | Damaged, Scope.Scope> => {
        switch (failure.cause) {
          case "corrupt":
            return Effect.fail(new Damaged({ file, failure }));
          // The file may be written but not its folder, where SQLite keeps the log.
          case "read_only":
            return openReadOnly(path);
          // No room for the log's index, without which SQLite doesn't even read.
          case "disk_full":
            return openReadOnly(path).pipe(
              Effect.map((opened) => ({ ...opened, readOnly: Option.some("disk_full" as const) })),
              Effect.mapError(() => failure),
            );
          default:
            return Effect.fail(failure);
        }
      }),
      Effect.map((opened) => ({ ...opened, file })),
    );
  });

const openReadOnly = (path: string) =>
  connect(path, path, false).pipe(
    Effect.catchIf(
      ({ cause }) => cause === "read_only" || cause === "permission" || cause === "disk_full",
      () => Effect.flatMap(copyAside(path), (copy) => connect(copy, path, false)),
    ),
  );

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

/**
 * `file` is what is opened, `path` what is named in errors, `id` which file it was found to be:
 * where it was set aside since then, SQLite has made an empty one, which is to be left alone.
 */
export const connect = (
  file: string,
  path: string,
  writable: boolean,
  id?: FileId,
): Effect.Effect<Sqlite, StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const sql = yield* makeClient({
      filename: file,
      // The copy is ours: its log has to be written into it before it can be read.
      readonly: !writable && file === path,
      disableWAL: true,
    }).pipe(Effect.provide(reactivity), Effect.catchAllDefect(Effect.fail));
    if (id !== undefined && idOf(file) !== id) {
      return yield* unavailable(path, "corrupt", "another file took its place as it was opened");
    }
    for (const setting of [`busy_timeout = ${busyMs}`, ...paging])
      yield* sql.unsafe(`PRAGMA ${setting}`);
    const version = yield* whileBusy(userVersion(sql));
    if (version > latest) {
      return yield* unavailable(
        path,
        "newer_version",
        `a newer nopea wrote it (its version is ${version}; this one knows ${latest})`,
      );
    }
    if (!writable) {
      if (version === latest) return yield* sqlite(sql, Option.some("read_only"));
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
    if (pending !== undefined) {
      const migrate = whileBusy(whole(sql, pending.migrate(sql), rollback(sql)));
      yield* version === 0 ? migrate : afterBackup(sql, path, migrate);
    }
    return yield* sqlite(sql, Option.none());
  }).pipe(Effect.mapError(fromError(path)));

const sqlite = (sql: SqlClient, readOnly: Sqlite["readOnly"]) =>
  Effect.gen(function* () {
    const turn = new Turn();
    // There is one, which lives as long as the client: it isn't held, but known.
    const connection = yield* Effect.scoped(sql.reserve);
    return {
      sql: direct(sql, connection, turn),
      readOnly,
      transaction: makeTransaction(sql, turn),
    } satisfies Sqlite;
  });

/** Without a backup there is no migration. Of many processes the first takes it, and migrates. */
const afterBackup = <E>(sql: SqlClient, path: string, migrate: Effect.Effect<void, E>) =>
  Effect.gen(function* () {
    const { exclusively } = yield* attempt(path, () => import("./exclusive.js"));
    const { take } = yield* attempt(path, () => import("./backups.js"));
    yield* exclusively(
      path,
      { wait: true },
      Effect.gen(function* () {
        if ((yield* whileBusy(userVersion(sql))) >= latest) return;
        yield* take(path);
        yield* migrate;
      }),
    );
  });

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

const makeTransaction = (sql: SqlClient, turn: Turn): Sqlite["transaction"] => {
  // A statement that may write, on no row: it takes the lock that BEGIN leaves to the first write.
  const lock = sql`UPDATE services SET deploys = deploys WHERE cluster IS NULL`;
  return (effect) =>
    Effect.flatMap(Effect.serviceOption(TransactionConnection), (outer) =>
      Option.isSome(outer)
        ? whole(sql, effect, Effect.void)
        : whileBusy(turn.take(whole(sql, Effect.zipRight(lock, effect), rollback(sql)))),
    );
};
