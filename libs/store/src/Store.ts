/**
 * The one connection to this machine's store, an SQLite file that many processes share. Nothing
 * is loaded or opened before the first use. A store that can't be used answers each call with
 * the same `StoreUnavailable` at once, and is tried again every 30 s: whoever needs it goes on
 * degraded.
 */
import type { SqlClient } from "@effect/sql/SqlClient";
import type { SqlError } from "@effect/sql/SqlError";
import {
  Cache,
  Context,
  Duration,
  Effect,
  ExecutionStrategy,
  Exit,
  Layer,
  Predicate,
  Scope,
} from "effect";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fromError, unavailable } from "./internal/failure.js";
import type { Sqlite } from "./internal/sqlite.js";
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
  }
>() {}

/** How long a failed open is remembered. */
const retryAfter = Duration.seconds(30);

export const make = Effect.fnUntraced(function* (config: StoreConfig) {
  const path = join(config.folder, "nopea.db");
  const scope = yield* Effect.scope;
  const opened = yield* Cache.makeWith({
    capacity: 1,
    lookup: (_: "store") => openIn(scope, path),
    timeToLive: (exit) => (Exit.isSuccess(exit) ? Duration.infinity : retryAfter),
  });
  const connection = opened.get("store");

  const read = <A, E, R>(use: (sql: SqlClient) => Effect.Effect<A, E, R>) =>
    Effect.flatMap(connection, ({ sql, whileBusy }) => translated(path, whileBusy(use(sql))));

  const transaction = <A, E, R>(use: (sql: SqlClient) => Effect.Effect<A, E, R>) =>
    Effect.flatMap(connection, ({ sql, writable, transaction }) =>
      writable
        ? translated(path, transaction(use(sql)))
        : Effect.fail(unavailable(path, "read_only")),
    );

  const health = Effect.flatMap(connection, ({ writable }) =>
    Effect.all([sizeOf(path), read(figures)]).pipe(
      Effect.map(([size, rest]): StoreHealth => ({ path, size, ...rest, writable })),
    ),
  ).pipe(Effect.withSpan("Store.health"));

  return Store.of({ path, read, transaction, health });
});

/** The store in `config.folder`. */
export const layer = (config: StoreConfig): Layer.Layer<Store> => Layer.scoped(Store, make(config));

type Opened = Sqlite & {
  readonly whileBusy: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>;
};

/** Opens in a scope of its own, so that a failed open leaves nothing open. */
const openIn = (parent: Scope.Scope, path: string): Effect.Effect<Opened, StoreUnavailable> =>
  Effect.gen(function* () {
    const { openSqlite, whileBusy } = yield* Effect.tryPromise({
      try: () => import("./internal/sqlite.js"),
      catch: fromError(path),
    });
    return { ...(yield* openSqlite(path)), whileBusy };
  }).pipe(
    (open) =>
      Effect.acquireUseRelease(
        Scope.fork(parent, ExecutionStrategy.sequential),
        (scope) => Scope.extend(open, scope),
        (scope, exit) => (Exit.isSuccess(exit) ? Effect.void : Scope.close(scope, exit)),
      ),
    Effect.withSpan("Store.open"),
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
