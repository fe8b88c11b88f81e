/**
 * Teaches memory what was deployed before nopea came: from what the cluster's own objects show, or
 * from lines of JSON. What can't be taken is named and why; the rest is. Once is enough: what was
 * imported before is known again, and replaced where it turned out to have ended otherwise. Nothing
 * in the cluster changes.
 */
import { BadInput, Service, Wire } from "@nopea/domain";
import { Jsonl, type Lesson } from "@nopea/memory";
import { Clock, Effect, Option, Schema } from "effect";
import type * as Operation from "../Operation.js";
import * as PastDeploys from "../PastDeploys.js";
import * as Reach from "../Reach.js";
import * as Reading from "../Reading.js";
import { Session } from "../Session.js";
import { type Failure, failure } from "./History.js";

export const input = Schema.Struct({
  source: Schema.Literal("cluster", "jsonl"),
  /** Of the cluster's objects; else the namespace that is worked in. */
  namespace: Wire.optional(Service.Namespace),
  /** The cluster's objects of every namespace. */
  allNamespaces: Wire.optionalKey(Schema.Boolean, "all_namespaces"),
  /** Where the source is `jsonl`: a deploy each. */
  lines: Wire.optional(Schema.Array(Schema.String)),
}).annotations({ identifier: "MemoryImportInput" });
export type Input = typeof input.Type;

export const Skipped = Schema.Struct({
  /** From 1, of the lines. */
  line: Wire.optional(Schema.Int),
  /** What in the cluster was not understood, or may not be read. */
  object: Wire.optional(Schema.String),
  why: Schema.String,
}).annotations({ identifier: "MemoryImportSkipped" });
type Skipped = typeof Skipped.Type;

export const output = Schema.Struct({
  /** How many deploys memory has learnt from now. */
  taken: Schema.NonNegativeInt,
  /** How many it had learnt another outcome of, and has now learnt anew. */
  revised: Schema.NonNegativeInt,
  /** How many it knew already. */
  known: Schema.NonNegativeInt,
  /** The first 1,000; a warning tells of more. */
  skipped: Schema.Array(Skipped),
  ...Reach.fields,
}).annotations({ identifier: "MemoryImportResult" });
export type Output = typeof output.Type;

export const operation: Operation.Operation<"memoryImport", Input, Output, Failure, "once"> = {
  name: "memoryImport",
  summary: "Learn from what was deployed before: the cluster's own history, or lines of JSON",
  impact: "write",
  scope: "instance",
  input,
  output,
  failure,
  answer: "once",
};

const MOST_SKIPPED = 1_000;
/** Of the same kind. */
const MOST_NOTES = 20;

const firsts = <A>(all: ReadonlyArray<A>, most: number, more: (count: number) => string) => ({
  first: all.slice(0, most),
  warnings: all.length > most ? [more(all.length - most)] : [],
});

interface Found {
  readonly lessons: ReadonlyArray<Lesson.Lesson>;
  /** Known without asking memory. */
  readonly known: number;
  readonly skipped: ReadonlyArray<Skipped>;
  readonly warnings: ReadonlyArray<string>;
}

const fromLines = (lines: ReadonlyArray<string>, cluster: Service.ClusterId) =>
  Effect.map(Clock.currentTimeMillis, (now): Found => {
    const read = Jsonl.reader({ cluster, now });
    // Where two lines are of the same deploy, the later one stands.
    const lessons = new Map<string, Lesson.Lesson>();
    const skipped: Array<Skipped> = [];
    const notes: Array<string> = [];
    for (const text of lines) {
      const entry = read(text);
      if (entry === undefined) continue;
      const { line } = entry;
      if (entry.type === "skipped") skipped.push({ line, why: entry.why });
      else {
        lessons.set(entry.lesson.id, entry.lesson);
        for (const note of entry.notes) notes.push(`line ${line} was taken, but ${note}`);
      }
    }
    const noted = firsts(notes, MOST_NOTES, (count) => `${count} more lines are odd like these`);
    return {
      lessons: [...lessons.values()],
      known: 0,
      skipped,
      warnings: [...noted.first, ...noted.warnings],
    };
  });

const nowhere = new BadInput({
  message: "nobody can say which cluster's memory is meant",
  advice: "Name a kubeconfig (--kubeconfig, KUBECONFIG).",
});

/** What of the input makes no sense together. */
const checked = (asked: Input): Effect.Effect<void, BadInput> => {
  const wrong = (message: string, field: string) => Effect.fail(new BadInput({ message, field }));
  if (asked.source === "jsonl") {
    return asked.lines === undefined
      ? wrong('memoryImport of jsonl needs "lines"', "lines")
      : Effect.void;
  }
  if (asked.lines !== undefined) return wrong('memoryImport of cluster takes no "lines"', "lines");
  return asked.allNamespaces === true && asked.namespace !== undefined
    ? wrong("either one namespace is meant or all of them", "namespace")
    : Effect.void;
};

export const handler: Operation.Handler<typeof operation, Session> = (asked) =>
  Effect.gen(function* () {
    yield* checked(asked);
    const session = yield* Session;
    const namespace =
      asked.allNamespaces === true ? undefined : yield* session.namespace(asked.namespace);
    const reading = yield* Reading.begin({ namespace });
    const cluster = yield* Option.match(reading.clusterId, {
      onNone: () => Effect.fail(Option.getOrElse(reading.unreachable, () => nowhere)),
      onSome: Effect.succeed,
    });
    const { memory } = yield* session.engine;
    // What the ledgers told is no news.
    yield* memory.catchUp;
    const found: Found =
      asked.source === "jsonl"
        ? yield* fromLines(asked.lines ?? [], cluster)
        : yield* Option.match(reading.connection, {
            onNone: () => Effect.fail(Option.getOrElse(reading.unreachable, () => nowhere)),
            onSome: (connection) =>
              Effect.map(PastDeploys.find(connection, cluster, namespace), (past) => ({
                ...past,
                warnings: [],
              })),
          });
    const { added, revised } = yield* memory.importLessons(found.lessons);
    const skipped = firsts(
      found.skipped,
      MOST_SKIPPED,
      (count) => `${count} more were skipped that are not listed here`,
    );
    const marks = Reading.marks(reading);
    return {
      taken: added,
      revised,
      known: found.known + found.lessons.length - added - revised,
      skipped: skipped.first,
      ...marks,
      warnings: [...found.warnings, ...skipped.warnings, ...marks.warnings],
    };
  });
