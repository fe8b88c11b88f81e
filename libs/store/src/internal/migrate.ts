/**
 * Brings a store up to the latest version, in one transaction. Any number of processes may do
 * so at once: the first statement takes the write lock, and only then is the version read, so
 * that one of them migrates and the others find it done.
 */
import type { SqlClient } from "@effect/sql/SqlClient";
import { Effect } from "effect";
import { migrations } from "../migrations/all.js";
import { latest } from "../migrations/Migration.js";
import { unavailable } from "./failure.js";

/** "nope", in the header of every store of ours (`PRAGMA application_id`). */
export const applicationId = 0x6e6f7065;

const pragma = (sql: SqlClient, name: string) =>
  Effect.map(sql.unsafe<Record<string, number>>(`PRAGMA ${name}`), (rows) => rows[0]?.[name] ?? 0);

/** To be asked before anything is written. */
export const refuseForeign = (sql: SqlClient, path: string) =>
  Effect.flatMap(isForeign(sql), (foreign) =>
    foreign
      ? Effect.fail(
          unavailable(path, "other", "it is another program's database, and is left alone"),
        )
      : Effect.void,
  );

/** To be run as one transaction. */
export const migrate = Effect.fn("Store.migrate")(function* (sql: SqlClient) {
  // A write that changes nothing: a deferred BEGIN that reads first could never write after.
  yield* sql.unsafe(`PRAGMA application_id = ${applicationId}`);
  const from = yield* pragma(sql, "user_version");
  for (const { version, statements } of migrations) {
    if (version <= from) continue;
    for (const statement of statements("sqlite")) yield* sql.unsafe(statement);
  }
  if (from < latest) yield* sql.unsafe(`PRAGMA user_version = ${latest}`);
});

const isForeign = (sql: SqlClient) =>
  Effect.gen(function* () {
    if ((yield* pragma(sql, "application_id")) === applicationId) return false;
    const tables = yield* sql<{ name: string }>`SELECT name FROM sqlite_master LIMIT 1`;
    // Another process may have made it ours between the two reads.
    return tables.length > 0 && (yield* pragma(sql, "application_id")) !== applicationId;
  });
