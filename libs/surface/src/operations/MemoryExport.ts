/** All that memory has learnt from, as lines of JSON that `memoryImport` takes again, oldest first. */
import { Service, Wire } from "@nopea/domain";
import { Jsonl } from "@nopea/memory";
import { Chunk, Effect, Option, Schema, Stream } from "effect";
import type * as Operation from "../Operation.js";
import * as Reach from "../Reach.js";
import * as Reading from "../Reading.js";
import { Session } from "../Session.js";
import { type Failure, failure } from "./History.js";

export const input = Schema.Struct({
  /** Absent: every service. */
  service: Wire.optional(Service.ServiceName),
  /** Absent: every namespace that is known of; of a service, the one that is worked in. */
  namespace: Wire.optional(Service.Namespace),
  offline: Wire.optional(Schema.Boolean),
}).annotations({ identifier: "MemoryExportInput" });
export type Input = typeof input.Type;

export const output = Schema.Struct({
  /** A deploy each. */
  lines: Schema.Array(Schema.String),
  ...Reach.fields,
}).annotations({ identifier: "MemoryExportResult" });
export type Output = typeof output.Type;

export const operation: Operation.Operation<"memoryExport", Input, Output, Failure, "once"> = {
  name: "memoryExport",
  summary: "Give out all that memory has learnt from, as lines of JSON",
  impact: "read",
  scope: "instance",
  input,
  output,
  failure,
  answer: "once",
};

export const handler: Operation.Handler<typeof operation, Session> = ({ service, ...asked }) =>
  Effect.gen(function* () {
    const session = yield* Session;
    const namespace =
      service === undefined
        ? (asked.namespace ?? session.settings.namespace)
        : yield* session.namespace(asked.namespace);
    const reading = yield* Reading.begin({ namespace, offline: asked.offline });
    const { memory } = yield* session.engine;
    // A store that can only be read is read.
    yield* Effect.ignore(memory.catchUp);
    const lessons = yield* Stream.runCollect(
      memory.exportLessons({ cluster: Option.getOrUndefined(reading.clusterId), namespace }),
    );
    const write = Jsonl.writer();
    // Other services' are written too, for each line names those that were deployed with it.
    const lines = Chunk.toReadonlyArray(lessons)
      .toSorted((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1))
      .map((lesson) => ({ line: write(lesson), service: lesson.ref.service }))
      .filter((each) => service === undefined || each.service === service)
      .map(({ line }) => line);
    return { lines, ...Reading.marks(reading) };
  });
