/**
 * A service's queue: its rows that have not ended, in the order of `seq`. Only rows of this
 * store stand in it; what another machine has in flight is the Lease's business.
 */
import type { SqlClient } from "@effect/sql/SqlClient";
import type { DeployId, Service } from "@nopea/domain";
import { Effect, Option } from "effect";
import type { DeployRow } from "../DeployRow.js";
import { type Columns, decode, encode } from "./columns.js";
import { insert, ofService } from "./rows.js";

/** Word for word the condition of the index `deploys_open`, or SQLite doesn't use it. */
const isOpen = "state IN ('accepted', 'running', 'settling')";
const isQueued = `${isOpen} AND state <> 'settling' AND origin = 'local'`;

export const accept = (sql: SqlClient, row: DeployRow, limit: number, owner: string) =>
  Effect.gen(function* () {
    const [found] = yield* sql<{ before: number }>`SELECT COUNT(*) AS "before" FROM deploys
      WHERE ${ofService(sql, row.ref)} AND ${sql.literal(isQueued)}`;
    const before = Number(found?.before ?? 0);
    // The first has its turn; the others wait.
    if (before - 1 >= limit) return { accepted: false, waiting: before };
    yield* insert(sql, encode(row), owner);
    return { accepted: true, waiting: before };
  });

export const isNext = (sql: SqlClient, id: DeployId.DeployId) =>
  Effect.gen(function* () {
    const [mine] = yield* sql<Columns & { seq: number }>`SELECT * FROM deploys
      WHERE id = ${id} AND ${sql.literal(isQueued)}`;
    if (mine === undefined) return false;
    const earlier = yield* sql`SELECT seq FROM deploys
      WHERE cluster = ${mine.cluster} AND namespace = ${mine.namespace} AND service = ${mine.service}
        AND ${sql.literal(isQueued)} AND seq < ${mine.seq} LIMIT 1`;
    return earlier.length === 0;
  });

export const open = (sql: SqlClient, ref: Service.ServiceRef) =>
  Effect.gen(function* () {
    const rows = yield* sql<Columns & { owner: string }>`SELECT * FROM deploys
      WHERE ${ofService(sql, ref)} AND ${sql.literal(isOpen)} ORDER BY seq`;
    const decoded = yield* Effect.forEach(rows, (columns) =>
      Effect.map(
        decode(columns),
        Option.map((row) => ({ row, owner: columns.owner })),
      ),
    );
    return decoded.flatMap(Option.toArray);
  });
