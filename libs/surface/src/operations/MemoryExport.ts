/**
 * All that memory has learnt from, as lines of JSON that `memoryImport` takes again, oldest first;
 * a part at a time where there are many.
 */
import { Service, Timestamp, Wire } from "@nopea/domain";
import { Jsonl, type Lesson } from "@nopea/memory";
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
  /** What the part before said: the next one is given out. */
  after: Wire.optional(Timestamp.Timestamp),
  offline: Wire.optional(Schema.Boolean),
}).annotations({ identifier: "MemoryExportInput" });
export type Input = typeof input.Type;

export const output = Schema.Struct({
  /** A deploy each. */
  lines: Schema.Array(Schema.String),
  /** There is more: what to ask for `after`. */
  next: Wire.optional(Timestamp.Timestamp),
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

/** About so many lines are one part; all that began at one instant are in one. */
const LINES_AT_ONCE = 5_000;

export const handler: Operation.Handler<typeof operation, Session> = ({
  service,
  after,
  ...asked
}) =>
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
    const from = after === undefined ? 0 : Timestamp.toMillis(after) + 1;
    const write = Jsonl.writer();
    const lines: Array<string> = [];
    let last = from;
    /** Writes it, unless it belongs to the next part already. */
    const isTooMany = (lesson: Lesson.Lesson): boolean => {
      if (lines.length >= LINES_AT_ONCE && lesson.startedAt > last) return true;
      // Others' are written too, for each line names those that were deployed with it.
      const line = write(lesson);
      last = Math.max(last, lesson.startedAt);
      if (lesson.startedAt >= from && (service ?? lesson.ref.service) === lesson.ref.service)
        lines.push(line);
      return false;
    };
    const cluster = Option.getOrUndefined(reading.clusterId);
    const isMore = yield* memory
      .exportLessons({ cluster, namespace }, from - Jsonl.togetherMs)
      .pipe(
        // By the chunk: an effect for each lesson would cost more than the lesson.
        Stream.chunks,
        Stream.map((chunk) => Chunk.some(chunk, isTooMany)),
        Stream.takeUntil((isMore) => isMore),
        Stream.runLast,
      );
    const next = Option.contains(isMore, true) ? { next: Timestamp.fromMillis(last) } : {};
    return { lines, ...next, ...Reading.marks(reading) };
  });
