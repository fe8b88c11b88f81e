/** What memory holds: lessons, edges and patterns, how large it is and whether it can be used. */
import { MemoryGraph, Service, Wire } from "@nopea/domain";
import { Effect, Option, Schema } from "effect";
import type * as Operation from "../Operation.js";
import * as Reach from "../Reach.js";
import * as Reading from "../Reading.js";
import { Session } from "../Session.js";
import { type Failure, failure } from "./History.js";

export const input = Schema.Struct({
  /** Absent: every namespace that is known of. */
  namespace: Wire.optional(Service.Namespace),
  offline: Wire.optional(Schema.Boolean),
}).annotations({ identifier: "MemoryStatsInput" });
export type Input = typeof input.Type;

export const output = Schema.Struct({
  namespace: Wire.optional(Service.Namespace),
  ...MemoryGraph.MemoryStats.fields,
  ...Reach.fields,
}).annotations({ identifier: "MemoryStatsResult" });
export type Output = typeof output.Type;

export const operation: Operation.Operation<"memoryStats", Input, Output, Failure, "once"> = {
  name: "memoryStats",
  summary: "Say what memory holds, how large it is and whether it can be used",
  impact: "read",
  scope: "instance",
  input,
  output,
  failure,
  answer: "once",
};

export const handler: Operation.Handler<typeof operation, Session> = (asked) =>
  Effect.gen(function* () {
    const session = yield* Session;
    const namespace = asked.namespace ?? session.settings.namespace;
    const reading = yield* Reading.begin({ ...asked, namespace });
    const { memory } = yield* session.engine;
    const stats = yield* memory.stats({
      cluster: Option.getOrUndefined(reading.clusterId),
      namespace,
    });
    return {
      ...(namespace === undefined ? {} : { namespace }),
      ...stats,
      ...Reading.marks(reading),
    };
  });
