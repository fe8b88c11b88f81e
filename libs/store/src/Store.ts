/**
 * The one connection to this machine's store, an SQLite file that many processes share. Nothing
 * is loaded or opened before the first use. A store that can't be used answers each call with
 * the same `StoreUnavailable` at once, and is tried again every 30 s: whoever needs it goes on
 * degraded. One that is damaged is set aside and restored, and the call goes on.
 */
import type { SqlClient } from "@effect/sql/SqlClient";
import type { SqlError } from "@effect/sql/SqlError";
import {
  Cache,
  Context,
  Data,
  Duration,
  Effect,
  ExecutionStrategy,
  Exit,
  Layer,
  Option,
  Predicate,
  Ref,
  Scope,
} from "effect";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fromError, unavailable, whyOf } from "./internal/failure.js";
import { Damaged, idOf } from "./internal/file.js";
import { keepRoom } from "./internal/room.js";
import type * as Sqlite from "./internal/sqlite.js";
import type { Restoration } from "./Restoration.js";
import type { StoreUnavailable } from "./StoreError.js";

export interface StoreConfig {
  /** The state folder, absolute; made (0700) at the first use. */
  readonly folder: string;
}

export interface StoreHealth {
  readonly path: string;
  /** Bytes, with what is not yet checkpointed. */
  readonly size: number;
  /** Deploys known; those that were refused are not counted. */
  readonly rows: number;
  /** When the oldest and the newest deploy were accepted; absent in an empty store. */
  readonly oldest?: string;
  readonly newest?: string;
  /** The schema's. */
  readonly version: number;
  /** False where it can only be read. */
  readonly writable: boolean;
}

export class Store extends Context.Tag("@nopea/store/Store")<
  Store,
  {
    readonly path: string;
    /** Runs queries that change nothing. */
    readonly read: <A, E, R>(
      use: (sql: SqlClient) => Effect.Effect<A, E, R>,
    ) => Effect.Effect<A, Exclude<E, SqlError> | StoreUnavailable, R>;
    /**
     * The only transaction there is: it holds the write lock from its start, and is run again
     * where another process had the lock, for 10 s. Inside it SQL alone; one inside another is
     * part of it.
     */
    readonly transaction: <A, E, R>(
      use: (sql: SqlClient) => Effect.Effect<A, E, R>,
    ) => Effect.Effect<A, Exclude<E, SqlError> | StoreUnavailable, R>;
    readonly health: Effect.Effect<StoreHealth, StoreUnavailable>;
    /** What this process had to restore so far, oldest first. */
    readonly restorations: Effect.Effect<ReadonlyArray<Restoration>>;
    /**
     * For the end of what changes the store: a backup where the newest is a day old, and room
     * for the spool on a disk that is full later. Nothing where the store can only be read.
     */
    readonly upkeep: Effect.Effect<void, StoreUnavailable>;
  }
>() {}

/** How long it is remembered that the store can't be opened, restored or written. */
const retryAfter = Duration.seconds(30);

/** A connection that another has taken the place of may still be in use so long. */
const lingering = Duration.minutes(1);

/** How often a call begins again, on the store that has taken the place of the one it began on. */
const moves = 3;

/** True in a transaction: what is in it runs on its connection, whatever happens to the file. */
class Inside extends Context.Reference<Inside>()("@nopea/store/Inside", {
  defaultValue: () => false,
}) {}

export const make = Effect.fnUntraced(function* (config: StoreConfig) {
  const path = join(config.folder, "nopea.db");
  const scope = yield* Effect.scope;
  const restored = yield* Ref.make<ReadonlyArray<Restoration>>([]);

  // Kept while it is under way, so that it is done once, and where it failed.
  const restoring = yield* Cache.makeWith({
    capacity: 10,
    lookup: (damage: Damage) =>
      Effect.flatMap(restore(path, damage), (done) =>
        Ref.update(restored, (all) => [...all, ...Option.toArray(done)]),
      ),
    timeToLive: (exit) => (Exit.isSuccess(exit) ? Duration.zero : retryAfter),
  });
  const mend = ({ file, failure }: Damaged) =>
    restoring.get(Data.struct({ file, why: whyOf(failure) }));

  const open: Effect.Effect<Opened, StoreUnavailable> = openIn(scope, path).pipe(
    Effect.catchTag("Damaged", (damaged) =>
      Effect.zipRight(
        mend(damaged),
        Effect.catchTag(openIn(scope, path), "Damaged", ({ failure }) => Effect.fail(failure)),
      ),
    ),
  );
  const opened = yield* Cache.makeWith({
    capacity: 1,
    lookup: (_: "store") => open,
    timeToLive: (exit) =>
      Exit.isSuccess(exit) && !isForNow(exit.value) ? Duration.infinity : retryAfter,
  });

  const isDamage = (error: StoreUnavailable) => error.cause === "corrupt" && error.path === path;

  /** The file has the store's name still: it was not set aside, or deleted. */
  const isInPlace = ({ file }: Opened) => idOf(path) === file;

  const connection = Effect.flatMap(opened.get("store"), (one) =>
    isInPlace(one)
      ? Effect.succeed(one)
      : Effect.zipRight(
          opened.invalidateWhen("store", (known) => known === one),
          opened.get("store"),
        ),
  );

  /**
   * Runs it on the store as it is. Where the store turns out to be damaged it is restored, and
   * where it was set aside meanwhile another has taken its place: then it is run again.
   */
  const on = <A, E, R>(
    run: (store: Opened) => Effect.Effect<A, E, R>,
    left = moves,
  ): Effect.Effect<A, E | StoreUnavailable, R> =>
    Effect.flatMap(connection, (store) => {
      const again = on(run, left - 1);
      return run(store).pipe(
        Effect.matchEffect({
          onSuccess: (answer) => (left === 0 || isInPlace(store) ? Effect.succeed(answer) : again),
          onFailure: (error) => {
            if (left === 0 || !isOfStore(error)) return Effect.fail(error);
            if (!isInPlace(store)) return again;
            return isDamage(error) && Option.isNone(store.readOnly)
              ? Effect.zipRight(mend(new Damaged({ file: store.file, failure: error })), again)
              : Effect.fail(error);
          },
        }),
      );
    });

  const settled = <A, E, R>(run: (store: Opened) => Effect.Effect<A, E, R>) =>
    Effect.flatMap(Inside, (inside) =>
      inside ? Effect.flatMap(opened.get("store"), run) : on(run),
    );

  const read = <A, E, R>(use: (sql: SqlClient) => Effect.Effect<A, E, R>) =>
    settled(({ sql, whileBusy }) => translated(path, whileBusy(use(sql))));

  const transaction = <A, E, R>(use: (sql: SqlClient) => Effect.Effect<A, E, R>) =>
    settled(({ sql, readOnly, transaction }) =>
      Option.match(readOnly, {
        onNone: () => translated(path, transaction(Effect.provideService(use(sql), Inside, true))),
        onSome: (cause) => Effect.fail(unavailable(path, cause)),
      }),
    );

  const health = Effect.flatMap(
    settled(({ sql, whileBusy, readOnly }) =>
      Effect.map(translated(path, whileBusy(figures(sql))), (rest) => ({
        ...rest,
        writable: Option.isNone(readOnly),
      })),
    ),
    (rest) => Effect.map(sizeOf(path), (size): StoreHealth => ({ path, size, ...rest })),
  ).pipe(Effect.withSpan("Store.health"));

  const upkeep = settled(({ readOnly }) =>
    Option.isSome(readOnly)
      ? Effect.void
      : Effect.gen(function* () {
          const { takeDaily } = yield* loaded(path, () => import("./internal/backups.js"));
          yield* takeDaily(path);
          yield* keepRoom(config.folder);
        }),
  ).pipe(Effect.withSpan("Store.upkeep"));

  return Store.of({
    path,
    read,
    transaction,
    health,
    restorations: Ref.get(restored),
    upkeep,
  });
});

/** The store in `config.folder`. */
export const layer = (config: StoreConfig): Layer.Layer<Store> => Layer.scoped(Store, make(config));

const ofProcess = Effect.gen(function* () {
  const path = ":memory:";
  const scope = yield* Effect.scope;
  const opened = yield* Effect.cached(
    loaded(path, () => import("./internal/sqlite.js")).pipe(
      Effect.flatMap(({ connect }) => connect(path, path, true)),
      Scope.extend(scope),
    ),
  );
  return Store.of({
    path,
    read: (use) => Effect.flatMap(opened, ({ sql }) => translated(path, use(sql))),
    transaction: (use) =>
      Effect.flatMap(opened, ({ sql, transaction }) => translated(path, transaction(use(sql)))),
    health: Effect.flatMap(opened, ({ sql }) =>
      Effect.map(translated(path, figures(sql)), (rest) => ({
        ...rest,
        path,
        size: 0,
        writable: true,
      })),
    ),
    restorations: Effect.succeed([]),
    upkeep: Effect.void,
  });
});

/** A store of this process alone, which no file keeps: for where there is none to be had. */
export const layerMemory: Layer.Layer<Store> = Layer.scoped(Store, ofProcess);

type Opened = Sqlite.Opened & {
  readonly whileBusy: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>;
};

/** A full disk has room again sooner or later. */
const isForNow = ({ readOnly }: Opened) => Option.contains(readOnly, "disk_full");

const isOfStore = (error: unknown): error is StoreUnavailable =>
  Predicate.isTagged(error, "StoreUnavailable");

const loaded = <A>(path: string, load: () => Promise<A>) =>
  Effect.tryPromise({ try: load, catch: fromError(path) });

/** Opens in a scope of its own, so that a failed open leaves nothing open. */
const openIn = (
  parent: Scope.Scope,
  path: string,
): Effect.Effect<Opened, StoreUnavailable | Damaged> =>
  Effect.gen(function* () {
    const { openSqlite, whileBusy } = yield* loaded(path, () => import("./internal/sqlite.js"));
    return { ...(yield* openSqlite(path)), whileBusy };
  }).pipe(
    (open) =>
      Effect.acquireUseRelease(
        Scope.fork(parent, ExecutionStrategy.sequential),
        (scope) =>
          Effect.tap(Scope.extend(open, scope), (opened) =>
            isForNow(opened)
              ? Effect.forkIn(
                  Effect.delay(Scope.close(scope, Exit.void), Duration.sum(retryAfter, lingering)),
                  parent,
                )
              : Effect.void,
          ),
        (scope, exit) => (Exit.isSuccess(exit) ? Effect.void : Scope.close(scope, exit)),
      ),
    Effect.withSpan("Store.open"),
  );

interface Damage {
  readonly file: string | undefined;
  readonly why: string;
}

const restore = (path: string, { file, why }: Damage) =>
  Effect.gen(function* () {
    const { restore } = yield* loaded(path, () => import("./internal/restore.js"));
    return yield* restore(path, file, why);
  }).pipe(
    Effect.mapError(({ message }) =>
      unavailable(path, "corrupt", `${why}; it can't be restored: ${message}`),
    ),
  );

const translated = <A, E, R>(path: string, effect: Effect.Effect<A, E, R>) =>
  Effect.mapError(effect, (error) =>
    Predicate.isTagged(error, "SqlError")
      ? fromError(path)(error)
      : (error as Exclude<E, SqlError>),
  );

const sizeOf = (path: string) =>
  Effect.promise(async () => {
    const sizes = await Promise.all(
      [path, `${path}-wal`].map((file) =>
        stat(file).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  });

const figures = (sql: SqlClient) =>
  Effect.gen(function* () {
    const [row] = yield* sql<{
      rows: number;
      oldest: string | null;
      newest: string | null;
    }>`SELECT
        (SELECT COALESCE(SUM(deploys), 0) FROM services) AS "rows",
        (SELECT accepted_at FROM deploys ORDER BY id LIMIT 1) AS oldest,
        (SELECT accepted_at FROM deploys ORDER BY id DESC LIMIT 1) AS newest`;
    const [version] = yield* sql.unsafe<{ user_version: number }>("PRAGMA user_version");
    return {
      rows: Number(row?.rows ?? 0),
      ...(row?.oldest ? { oldest: row.oldest } : {}),
      ...(row?.newest ? { newest: row.newest } : {}),
      version: version?.user_version ?? 0,
    };
  });
