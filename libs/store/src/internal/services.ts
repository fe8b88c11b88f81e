/** How many deploys each service has: counted as they come, so that a list needn't read them all. */
import type { SqlClient } from "@effect/sql/SqlClient";
import type { Service } from "@nopea/domain";
import { Effect, Option } from "effect";
import type { ServiceSummary } from "../Deploys.js";
import { type Columns, decode } from "./columns.js";

export const count = (
  sql: SqlClient,
  { cluster, namespace, service }: Pick<Columns, "cluster" | "namespace" | "service">,
  change: number,
) =>
  sql`INSERT INTO services ${sql.insert({ cluster, namespace, service, deploys: change })}
    ON CONFLICT (cluster, namespace, service)
    DO UPDATE SET deploys = services.deploys + excluded.deploys`;

/** One more deploy for the service of each. */
export const countAll = (
  sql: SqlClient,
  rows: ReadonlyArray<Pick<Columns, "cluster" | "namespace" | "service">>,
) => {
  const counts = new Map<
    string,
    Pick<Columns, "cluster" | "namespace" | "service"> & { deploys: number }
  >();
  for (const { cluster, namespace, service } of rows) {
    const key = `${cluster} ${namespace} ${service}`;
    const deploys = (counts.get(key)?.deploys ?? 0) + 1;
    counts.set(key, { cluster, namespace, service, deploys });
  }
  return counts.size === 0
    ? Effect.void
    : sql`INSERT INTO services ${sql.insert([...counts.values()])}
        ON CONFLICT (cluster, namespace, service)
        DO UPDATE SET deploys = services.deploys + excluded.deploys`;
};

export const list = (
  sql: SqlClient,
  filter: { readonly cluster?: Service.ClusterId; readonly namespace?: Service.Namespace },
) =>
  Effect.gen(function* () {
    const wanted = sql.and([
      ...(filter.cluster === undefined ? [] : [sql`s.cluster = ${filter.cluster}`]),
      ...(filter.namespace === undefined ? [] : [sql`s.namespace = ${filter.namespace}`]),
    ]);
    const rows = yield* sql<Columns & { deploys: number }>`SELECT d.*, s.deploys FROM services s
      JOIN deploys d ON d.id = (
        SELECT n.id FROM deploys n
        WHERE n.cluster = s.cluster AND n.namespace = s.namespace AND n.service = s.service
          AND n.state <> 'refused'
        ORDER BY n.id DESC LIMIT 1)
      WHERE ${wanted} ORDER BY s.namespace, s.service, s.cluster`;
    const decoded = yield* Effect.forEach(rows, (columns) =>
      Effect.map(
        decode(columns),
        Option.map((newest): ServiceSummary => ({
          ref: newest.ref,
          deploys: Number(columns.deploys),
          newest,
        })),
      ),
    );
    return decoded.flatMap(Option.toArray);
  });
