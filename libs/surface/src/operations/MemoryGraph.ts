/** Memory's graph: which services break, how, and after which others. */
import { MemoryGraph, Service, Wire } from "@nopea/domain";
import { Effect, Option, Schema } from "effect";
import type * as Operation from "../Operation.js";
import * as Reach from "../Reach.js";
import * as Reading from "../Reading.js";
import { Session } from "../Session.js";
import { type Failure, failure } from "./History.js";

export const input = Schema.Struct({
  /** Only edges of this service. */
  service: Wire.optional(Service.ServiceName),
  /** Absent: every namespace that is known of; of a service, the one it is looked for in. */
  namespace: Wire.optional(Service.Namespace),
  /** The heaviest so many edges; 5,000 unless told, which is the most. */
  limit: Wire.optional(Schema.Int.pipe(Schema.between(1, 5_000))),
  offline: Wire.optional(Schema.Boolean),
}).annotations({ identifier: "MemoryGraphInput" });
export type Input = typeof input.Type;

export const output = Schema.Struct({
  ...MemoryGraph.MemoryGraph.fields,
  ...Reach.fields,
}).annotations({ identifier: "MemoryGraphResult" });
export type Output = typeof output.Type;

export const operation: Operation.Operation<"memoryGraph", Input, Output, Failure, "once"> = {
  name: "memoryGraph",
  summary: "Give the graph of services, namespaces and reasons that memory has learnt",
  impact: "read",
  scope: "namespace",
  input,
  output,
  failure,
  answer: "once",
};

export const handler: Operation.Handler<typeof operation, Session> = ({
  service,
  limit,
  ...asked
}) =>
  Effect.gen(function* () {
    const session = yield* Session;
    const namespace =
      service === undefined
        ? (asked.namespace ?? session.settings.namespace)
        : yield* session.namespace(asked.namespace);
    const reading = yield* Reading.begin({ ...asked, namespace });
    const { memory } = yield* session.engine;
    const cluster = Option.getOrUndefined(reading.clusterId);
    const graph = yield* memory.graph({ cluster, namespace, service }, limit);
    return { ...graph, ...Reading.marks(reading) };
  });
