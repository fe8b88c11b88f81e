/**
 * Past deploys as lines of JSON, one a deploy: what `memory import` reads and `memory export`
 * writes. A line that can't be taken says why and takes no other with it. Reading is pure but for
 * what a reader remembers of the lines before: it is asked line by line, however long the input.
 */
import { Evidence, Plan, Reason, Service, Strategy, Timestamp } from "@nopea/domain";
import { Either, ParseResult, Schema } from "effect";
import { createHash } from "node:crypto";
import { endedOtherwise, type Lesson } from "./Lesson.js";

const MINUTE_MS = 60_000;
/** A success is known to be one after so long, and so is a failure of which the time isn't said. */
const KNOWN_AFTER_MS = 60 * MINUTE_MS;
/** Deploys of other services of the namespace this long before count as made together. */
export const togetherMs = 60 * MINUTE_MS;
/** In characters: no line of ours comes near it. */
const LONGEST_LINE = 64 * 1024;

const Instant = Schema.transformOrFail(Schema.String, Schema.Number, {
  strict: true,
  decode: (text, _, ast) => {
    const millis = Timestamp.fromRfc3339(text);
    return millis === undefined
      ? ParseResult.fail(
          new ParseResult.Type(
            ast,
            text,
            "must be a time as RFC 3339 has it: 2026-11-24T06:40:28Z",
          ),
        )
      : ParseResult.succeed(millis);
  },
  encode: (millis) => ParseResult.succeed(Timestamp.fromMillis(millis)),
});

const { kind, semver, objects, lines } = Plan.Change.fields;

/** `null` says that it isn't known; a field that is left out is a mistake. Unknown fields are ignored. */
const Line = Schema.Struct({
  service: Service.ServiceName,
  namespace: Service.Namespace,
  time: Instant,
  change_kind: Schema.NullOr(kind),
  semver: Schema.NullOr(semver),
  files_changed: Schema.NullOr(objects),
  lines_changed: Schema.NullOr(lines),
  /** Found from the lines themselves: not needed, and nothing is learnt from it. */
  co_services: Schema.optional(Schema.NullOr(Schema.Array(Schema.String))),
  bot: Schema.NullOr(Schema.Boolean),
  is_revert: Schema.Boolean,
  outcome: Schema.Literal("ok", "failed"),
  failed_after_min: Schema.optional(Schema.NullOr(Schema.NonNegative)),
  reason: Schema.optional(Schema.NullOr(Schema.String)),
  // What an export adds. In a line of someone else's these may mean anything.
  id: Schema.optional(Schema.Unknown),
  strategy: Schema.optional(Schema.Unknown),
  ended: Schema.optional(Schema.Unknown),
});
type Line = typeof Line.Type;

const decodeLine = Schema.decodeUnknownEither(Line, { errors: "first" });

export type Entry =
  | {
      readonly type: "lesson";
      /** From 1. */
      readonly line: number;
      readonly lesson: Lesson;
      /** What is odd about it, though it is taken. */
      readonly notes: ReadonlyArray<string>;
    }
  | { readonly type: "skipped"; readonly line: number; readonly why: string };

/** The text of a problem quotes the line: kept short, and safe to print. */
const wrong = (error: ParseResult.ParseError): string => {
  const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error);
  const field = issue?.path.map(String).join(".") ?? "";
  if (field === "") return "it is no JSON object";
  return issue?._tag === "Missing"
    ? `it lacks "${field}"`
    : Evidence.clean(`${field}: ${issue?.message ?? "is not understood"}`, 300);
};

const parsed = (text: string): Either.Either<unknown, string> =>
  Either.try({ try: () => JSON.parse(text) as unknown, catch: () => "it is no JSON" });

const ID = /^[\w.:-]{1,128}$/;

/**
 * The same deploy has the same id, whoever reads it and whenever: what began then, and not how it
 * ended, so that a line that says otherwise of its end is found to be of that deploy.
 */
const idOf = (line: Line): string => {
  if (typeof line.id === "string" && ID.test(line.id)) return line.id;
  const content = [
    ...[line.service, line.namespace, line.time],
    ...[line.change_kind, line.semver, line.files_changed, line.lines_changed],
    ...[line.bot, line.is_revert],
  ];
  const digest = createHash("sha256").update(JSON.stringify(content)).digest("base64url");
  return `import-${digest.slice(0, 22)}`;
};

const changeOf = (line: Line): Either.Either<Lesson["change"], string> => {
  const { change_kind: kind, semver, files_changed: objects, lines_changed: lines } = line;
  if (kind !== null && semver !== null && objects !== null && lines !== null) {
    return Either.right({ kind, semver, objects, lines });
  }
  return [kind, semver, objects, lines].every((value) => value === null)
    ? Either.right(undefined)
    : Either.left("of change_kind, semver, files_changed and lines_changed some are null");
};

/** When its outcome was known; undefined where that is still to come. */
const revealedAt = (line: Line, now: number): number | undefined => {
  const ended = typeof line.ended === "string" ? Timestamp.fromRfc3339(line.ended) : undefined;
  const minutes = line.outcome === "failed" ? (line.failed_after_min ?? undefined) : undefined;
  const said = ended ?? (minutes === undefined ? undefined : line.time + minutes * MINUTE_MS);
  if (said === undefined) return Math.min(now, line.time + KNOWN_AFTER_MS);
  return said > now ? undefined : Math.max(line.time, Math.round(said));
};

const isReason = Schema.is(Reason.Reason);

const isSameService = ({ ref: a }: Lesson, { ref: b }: Lesson): boolean =>
  a.namespace === b.namespace && a.service === b.service;

export interface ReaderOptions {
  /** Whose memory takes them. */
  readonly cluster: Service.ClusterId;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Takes one line after the other; undefined for a blank one. */
export const reader = ({ cluster, now }: ReaderOptions): ((text: string) => Entry | undefined) => {
  let number = 0;
  let newest = -Infinity;
  const seen = new Map<string, { readonly line: number; readonly lesson: Lesson }>();

  const lessonOf = (line: Line): Either.Either<Lesson, string> =>
    Either.gen(function* () {
      if (line.time > now) return yield* Either.left("its time is in the future");
      const revealed = revealedAt(line, now);
      if (revealed === undefined) return yield* Either.left("its outcome is in the future");
      const change = yield* changeOf(line);
      const strategy = typeof line.strategy === "string" ? line.strategy : "";
      return {
        id: idOf(line),
        ref: { cluster, namespace: line.namespace, service: line.service },
        startedAt: line.time,
        revealedAt: revealed,
        ...(change === undefined ? {} : { change }),
        strategy: Strategy.fromText(strategy) ?? "direct",
        ...(line.bot === null ? {} : { bot: line.bot }),
        isRevert: line.is_revert,
        failed: line.outcome === "failed",
        ...(isReason(line.reason) ? { reason: line.reason } : {}),
        source: "import" as const,
      };
    });

  const read = (text: string): Either.Either<Extract<Entry, { type: "lesson" }>, string> =>
    Either.gen(function* () {
      if (text.length > LONGEST_LINE) {
        return yield* Either.left(`it has more than ${LONGEST_LINE} characters`);
      }
      const json = yield* parsed(text);
      const line = yield* Either.mapLeft(decodeLine(json), wrong);
      const lesson = yield* lessonOf(line);
      const before = seen.get(lesson.id);
      if (before !== undefined && !isSameService(before.lesson, lesson)) {
        return yield* Either.left(`it has the id of line ${before.line}, of another service`);
      }
      if (before !== undefined && !endedOtherwise(before.lesson, lesson)) {
        return yield* Either.left(`it is the same as line ${before.line}`);
      }
      seen.set(lesson.id, { line: number, lesson });
      const notes = [
        ...(before === undefined
          ? []
          : [`it says otherwise of the deploy of line ${before.line}, which stands no more`]),
        ...(line.time < newest ? ["it is older than a line before it"] : []),
        ...(typeof line.reason === "string" && lesson.reason === undefined
          ? [`no reason is called ${JSON.stringify(Evidence.clean(line.reason, 60))}`]
          : []),
      ];
      newest = Math.max(newest, line.time);
      return { type: "lesson", line: number, lesson, notes };
    });

  return (text) => {
    number += 1;
    // A file may begin with a byte order mark.
    const content = (number === 1 ? text.replace(/^\ufeff/, "") : text).trim();
    if (content === "") return undefined;
    return Either.getOrElse(read(content), (why) => ({ type: "skipped", line: number, why }));
  };
};

/**
 * Writes one lesson after the other, which must come in the order in which they began: as a line
 * that `reader` makes the same lesson of again.
 */
export const writer = (): ((lesson: Lesson) => string) => {
  /** Of each namespace, what began within the hour. */
  const recent = new Map<string, Array<Lesson>>();
  const together = ({ ref, startedAt }: Lesson): ReadonlyArray<string> => {
    const since = startedAt - togetherMs;
    const others = (recent.get(ref.namespace) ?? []).filter((other) => other.startedAt >= since);
    recent.set(ref.namespace, others);
    return [...new Set(others.map((other) => other.ref.service))]
      .filter((service) => service !== ref.service)
      .sort();
  };
  return (lesson) => {
    const { ref, change, failed } = lesson;
    const line: typeof Line.Encoded & { readonly cluster: string } = {
      service: ref.service,
      namespace: ref.namespace,
      time: Timestamp.fromMillis(lesson.startedAt),
      change_kind: change?.kind ?? null,
      semver: change?.semver ?? null,
      files_changed: change?.objects ?? null,
      lines_changed: change?.lines ?? null,
      co_services: together(lesson),
      bot: lesson.bot ?? null,
      is_revert: lesson.isRevert,
      outcome: failed ? "failed" : "ok",
      ...(failed ? { failed_after_min: (lesson.revealedAt - lesson.startedAt) / MINUTE_MS } : {}),
      ...(lesson.reason === undefined ? {} : { reason: lesson.reason }),
      id: lesson.id,
      cluster: ref.cluster,
      strategy: lesson.strategy,
      ended: Timestamp.fromMillis(lesson.revealedAt),
    };
    recent.get(ref.namespace)?.push(lesson);
    return JSON.stringify(line);
  };
};
