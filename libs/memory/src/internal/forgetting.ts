/** `memory forget`: what a service's lessons up to a deploy taught is taken back; they stay history. */
import type { SqlClient } from "@effect/sql/SqlClient";
import type { DeployId, Service } from "@nopea/domain";
import { Effect } from "effect";
import * as Learning from "./learning.js";
import * as Places from "./places.js";

/** True where the service's mark is as late already. */
export const isForgotten = (sql: SqlClient, ref: Service.ServiceRef, upTo: DeployId.DeployId) =>
  Effect.gen(function* () {
    const cluster = yield* Places.findCluster(sql, ref.cluster);
    if (cluster === undefined) return false;
    const place = (yield* Places.find(sql, cluster.id, [ref])).get(Places.keyOf(ref));
    return (place?.learnAfter ?? "") >= upTo;
  });

/** Moves the service's mark forward, never back; answers how many lessons are forgotten. */
export const forget = (sql: SqlClient, ref: Service.ServiceRef, upTo: DeployId.DeployId) =>
  Effect.gen(function* () {
    const cluster = yield* Places.cluster(sql, ref.cluster);
    const place = (yield* Places.ensure(sql, cluster.id, [ref])).get(Places.keyOf(ref));
    if (place === undefined || (place.learnAfter ?? "") >= upTo) return 0;
    yield* sql`UPDATE memory_services SET learn_after = ${upTo} WHERE id = ${place.id}`;
    const rows = yield* Learning.forgotten(sql, place.id, upTo);
    if (rows.length > 0) yield* Learning.forget(sql, cluster, rows);
    return rows.length;
  });
