/** Copies of what the cluster keeps of a service: its ledger as last read, its objects as last applied. */
import type { SqlClient } from "@effect/sql/SqlClient";
import type { SqlError } from "@effect/sql/SqlError";
import type { Service } from "@nopea/domain";
import { Effect, Option } from "effect";
import type { LastApplied, LedgerCopy } from "../Deploys.js";
import { ofService } from "./rows.js";

/** An older copy never replaces a newer one. */
export const keep = (
  sql: SqlClient,
  copies: ReadonlyArray<LedgerCopy>,
): Effect.Effect<unknown, SqlError> =>
  copies.length === 0
    ? Effect.void
    : sql`INSERT INTO ledger_copies ${sql.insert(
        copies.map(({ ref, resourceVersion, ledger, readAt }) => ({
          cluster: ref.cluster,
          namespace: ref.namespace,
          service: ref.service,
          resource_version: resourceVersion,
          ledger: JSON.stringify(ledger),
          read_at: readAt,
        })),
      )} ON CONFLICT (cluster, namespace, service) DO UPDATE SET
        resource_version = excluded.resource_version,
        ledger = excluded.ledger,
        read_at = excluded.read_at
        WHERE excluded.read_at >= ledger_copies.read_at`;

export const find = (sql: SqlClient, ref: Service.ServiceRef) =>
  Effect.flatMap(
    sql<{ resource_version: string; ledger: string; read_at: LedgerCopy["readAt"] }>`
      SELECT resource_version, ledger, read_at FROM ledger_copies WHERE ${ofService(sql, ref)}`,
    ([row]) =>
      row === undefined
        ? Effect.succeedNone
        : orNone(`the ledger of ${ref.namespace}/${ref.service}`, (): LedgerCopy => ({
            ref,
            resourceVersion: row.resource_version,
            ledger: JSON.parse(row.ledger) as unknown,
            readAt: row.read_at,
          })),
  );

export const versions = (
  sql: SqlClient,
  cluster: Service.ClusterId,
  namespace: Service.Namespace,
) =>
  Effect.map(
    sql<{ service: string; resource_version: string }>`SELECT service, resource_version
      FROM ledger_copies WHERE cluster = ${cluster} AND namespace = ${namespace}`,
    (rows) => new Map(rows.map((row) => [row.service, row.resource_version] as const)),
  );

/** JSON, gzipped: a set of a thousand objects is a few tens of KiB. */
export const pack = (objects: ReadonlyArray<LastApplied>): Effect.Effect<Uint8Array> =>
  Effect.promise(async () => {
    const { gzipSync } = await import("node:zlib");
    return gzipSync(JSON.stringify(objects));
  });

export const putLastApplied = (sql: SqlClient, ref: Service.ServiceRef, objects: Uint8Array) =>
  sql`INSERT INTO last_applied ${sql.insert({
    cluster: ref.cluster,
    namespace: ref.namespace,
    service: ref.service,
    objects,
  })} ON CONFLICT (cluster, namespace, service) DO UPDATE SET objects = excluded.objects`;

export const lastApplied = (sql: SqlClient, ref: Service.ServiceRef) =>
  Effect.gen(function* () {
    const [row] = yield* sql<{ objects: Uint8Array }>`SELECT objects FROM last_applied
      WHERE ${ofService(sql, ref)}`;
    if (row === undefined) return [];
    const { gunzipSync } = yield* Effect.promise(() => import("node:zlib"));
    const objects = yield* orNone(
      `what was last applied of ${ref.namespace}/${ref.service}`,
      () => JSON.parse(gunzipSync(row.objects).toString()) as ReadonlyArray<LastApplied>,
    );
    return Option.getOrElse(objects, () => []);
  });

const orNone = <A>(what: string, read: () => A): Effect.Effect<Option.Option<A>> =>
  Effect.try(read).pipe(
    Effect.asSome,
    Effect.catchAll((error) =>
      Effect.as(
        Effect.logWarning(`${what} can't be read from the store: ${error.message}`),
        Option.none(),
      ),
    ),
  );
