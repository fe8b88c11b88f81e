/**
 * Which id a cluster goes by: what (server, CA) stands for, so that commands that can't reach it
 * find its rows; and the move of what was kept under the CA's digest once the id is known.
 */
import type { SqlClient } from "@effect/sql/SqlClient";
import type { Service } from "@nopea/domain";
import { Effect, Option } from "effect";
import * as Memories from "./memories.js";

export interface ClusterNames {
  readonly server: string;
  readonly fallbackId: string;
  readonly id: Service.ClusterId;
  readonly contextName: string;
}

export const find = (sql: SqlClient, server: string, fallbackId: string) =>
  Effect.map(
    sql<{ id: Service.ClusterId; context_name: string }>`SELECT id, context_name FROM clusters
      WHERE server = ${server} AND fallback_id = ${fallbackId}`,
    ([row]) =>
      row === undefined
        ? Option.none()
        : Option.some({ id: row.id, contextName: row.context_name }),
  );

/** True where there is nothing to write: the name is kept, and no row goes by the fallback. */
export const isNamed = (sql: SqlClient, names: ClusterNames) =>
  Effect.gen(function* () {
    const known = yield* find(sql, names.server, names.fallbackId);
    if (Option.isNone(known)) return false;
    if (known.value.id !== names.id || known.value.contextName !== names.contextName) return false;
    if (names.fallbackId === names.id) return true;
    const [left] = yield* sql<{ n: number }>`SELECT
      (SELECT COUNT(*) FROM services WHERE cluster = ${names.fallbackId})
      + (SELECT COUNT(*) FROM ledger_copies WHERE cluster = ${names.fallbackId})
      + (SELECT COUNT(*) FROM last_applied WHERE cluster = ${names.fallbackId}) AS n`;
    return Number(left?.n ?? 0) === 0 && !(yield* Memories.isKept(sql, names.fallbackId));
  });

export const name = (sql: SqlClient, { server, fallbackId, id, contextName }: ClusterNames) =>
  Effect.gen(function* () {
    yield* sql`INSERT INTO clusters ${sql.insert({
      server,
      fallback_id: fallbackId,
      id,
      context_name: contextName,
    })} ON CONFLICT (server, fallback_id)
      DO UPDATE SET id = excluded.id, context_name = excluded.context_name`;
    if (fallbackId === id) return;
    yield* sql`UPDATE deploys SET cluster = ${id} WHERE cluster = ${fallbackId}`;
    yield* sql`INSERT INTO services (cluster, namespace, service, deploys)
      SELECT ${id}, namespace, service, deploys FROM services WHERE cluster = ${fallbackId}
      ON CONFLICT (cluster, namespace, service)
      DO UPDATE SET deploys = services.deploys + excluded.deploys`;
    yield* sql`DELETE FROM services WHERE cluster = ${fallbackId}`;
    yield* Memories.rename(sql, fallbackId, id);
    // What is kept under the id already was read by someone who may see more: it stays.
    for (const table of ["ledger_copies", "last_applied"]) {
      yield* sql`DELETE FROM ${sql(table)} WHERE cluster = ${fallbackId} AND EXISTS (
        SELECT 1 FROM ${sql(table)} known WHERE known.cluster = ${id}
          AND known.namespace = ${sql(table)}.namespace AND known.service = ${sql(table)}.service)`;
      yield* sql`UPDATE ${sql(table)} SET cluster = ${id} WHERE cluster = ${fallbackId}`;
    }
  });
