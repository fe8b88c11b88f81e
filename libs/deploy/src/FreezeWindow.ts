/**
 * Times in which nothing is deployed: again and again (`schedule`, `duration`, as in Argo CD's sync
 * windows) or once (`from`, `to`), by the clocks of a time zone. A duration is time that passes: 8h
 * are eight hours in the night when the clocks change too. A local time that such a night has
 * twice opens a window twice, and one that it skips opens it as soon as the clocks were changed.
 */
import { Duration, Wire } from "@nopea/domain";
import { Cron, DateTime, Either, ParseResult, Schema } from "effect";
import * as LocalTime from "./LocalTime.js";

/** How far ahead windows are looked through, in milliseconds. */
const YEAR = 366 * LocalTime.DAY;

/** Schedules are read as local times; their zone comes in where those become instants. */
const asWritten = DateTime.zoneMakeOffset(0);

export interface Schedule {
  readonly text: string;
  readonly cron: Cron.Cron;
}

const fields = ["minute", "hour", "day of the month", "month", "day of the week"] as const;

/** The field that is wrong, since the parser doesn't say which it was. */
const blame = (parts: ReadonlyArray<string>): string => {
  for (const [index, name] of fields.entries()) {
    const alone = fields.map((_, other) => (other === index ? (parts[index] ?? "") : "*"));
    const parsed = Cron.parse(alone.join(" "));
    if (Either.isLeft(parsed)) return `its ${name} "${parts[index]}": ${parsed.left.message}`;
  }
  return "it can't be read";
};

const LONGEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

const neverComes = ({ days, months, weekdays }: Cron.Cron): boolean =>
  weekdays.size === 0 &&
  days.size > 0 &&
  months.size > 0 &&
  [...months].every((month) => Math.min(...days) > (LONGEST[month - 1] ?? 0));

const parseSchedule = (text: string): Either.Either<Schedule, string> => {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== fields.length)
    return Either.left(`it has ${parts.length} fields and not the five of cron`);
  return Cron.parse(parts.join(" "), asWritten).pipe(
    Either.mapLeft(() => blame(parts)),
    Either.filterOrLeft(
      (cron) => !neverComes(cron),
      () => "no month has that day",
    ),
    Either.map((cron) => ({ text, cron })),
  );
};

const Schedule = Schema.transformOrFail(
  Schema.String,
  Schema.declare((value): value is Schedule => typeof value === "object" && value !== null),
  {
    strict: true,
    decode: (text, _, ast) =>
      Either.mapLeft(
        parseSchedule(text),
        (why) => new ParseResult.Type(ast, text, `"${text}" is no schedule: ${why}`),
      ),
    encode: ({ text }) => ParseResult.succeed(text),
  },
);

export const FreezeWindow = Schema.Struct({
  name: Wire.optional(Schema.NonEmptyTrimmedString),
  /** When it opens: minute, hour, day of the month, month, day of the week. */
  schedule: Wire.optional(Schedule),
  /** How long it is open, in milliseconds. */
  duration: Wire.optional(
    Duration.DurationText.pipe(
      Schema.filter(
        (millis) => (millis > 0 && millis <= YEAR) || "must be above 0 and at most 366 days",
      ),
    ),
  ),
  /** Open from here… */
  from: Wire.optional(LocalTime.LocalTime),
  /** … up to here, which is no longer in it. */
  to: Wire.optional(LocalTime.LocalTime),
  zone: Wire.key(LocalTime.Zone, "time_zone"),
})
  .pipe(
    Schema.filter(({ schedule, duration, from, to }) => {
      const [recurs, once] = [schedule ?? duration, from ?? to].map((it) => it !== undefined);
      if (recurs === once) return "must have either schedule and duration, or from and to";
      const missing = Object.entries(recurs ? { schedule, duration } : { from, to }).find(
        ([, value]) => value === undefined,
      );
      if (missing !== undefined) return { path: [missing[0]], message: "is missing" };
      return from !== undefined && to !== undefined && to <= from
        ? { path: ["to"], message: "is not after from" }
        : undefined;
    }),
  )
  .annotations({ identifier: "FreezeWindow" });
export type FreezeWindow = typeof FreezeWindow.Type;

/** From `start`, and not at `end` any more; both in milliseconds. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** The local times at which a schedule opens, day by day. */
function* openings({ cron }: Schedule, from: number, to: number): Generator<ReadonlyArray<number>> {
  const all = (figures: ReadonlySet<number>, count: number) =>
    figures.size > 0 ? [...figures] : Array.from({ length: count }, (_, figure) => figure);
  const minutes = all(cron.minutes, 60);
  const times = all(cron.hours, 24).flatMap((hour) =>
    minutes.map((minute) => (hour * 60 + minute) * 60_000),
  );
  const [first = 0] = times;
  const start = Math.floor(from / LocalTime.DAY) * LocalTime.DAY;
  for (let day = start; day <= to; day += LocalTime.DAY) {
    if (Cron.match(cron, day + first)) yield times.map((time) => day + time);
  }
}

/**
 * Each time the window is open between the two, in the order in which it opens. `read` makes
 * instants of local times; the two are in what it gives.
 */
function* spans(
  window: FreezeWindow,
  from: number,
  to: number,
  read = LocalTime.instantsOf(window.zone),
): Generator<Span> {
  if (window.from !== undefined && window.to !== undefined) {
    const [start] = read([window.from]);
    const end = read([window.to]).at(-1);
    if (start !== undefined && end !== undefined && start < to && end > from) yield { start, end };
  }
  if (window.schedule === undefined || window.duration === undefined) return;
  const { schedule, duration } = window;
  // Two days are more than any clock is away from UTC.
  const [first, last] = [from - duration - 2 * LocalTime.DAY, to + 2 * LocalTime.DAY];
  for (const locals of openings(schedule, first, last)) {
    for (const start of read(locals)) {
      if (start < to && start + duration > from) yield { start, end: start + duration };
    }
  }
}

/**
 * When the window that is open at `now` will have closed: it may open again before it does.
 * Infinity where that is not within a year; undefined where it isn't open.
 */
export const openUntil = (window: FreezeWindow, now: number): number | undefined => {
  let until: number | undefined;
  for (const { start, end } of spans(window, now, now + YEAR)) {
    if (start > (until ?? now)) return until;
    until = Math.max(until ?? end, end);
  }
  return until !== undefined && until >= now + YEAR && window.schedule !== undefined
    ? Infinity
    : until;
};

/**
 * A moment at which both are open, as a local time of `a`; windows that recur are looked through
 * for a year from `now`. Two schedules of one zone are compared by its clocks alone: that a night
 * has an hour less does not make windows overlap that only touch.
 */
export const overlap = (a: FreezeWindow, b: FreezeWindow, now: number): number | undefined => {
  const recur = a.schedule !== undefined && b.schedule !== undefined;
  const nominal = recur && a.zone.rules.id === b.zone.rules.id;
  const read = nominal ? (locals: ReadonlyArray<number>) => locals : undefined;
  const fixed = a.from !== undefined ? a : b;
  const [once] = recur ? [] : spans(fixed, -Infinity, Infinity);
  const { start, end } = once ?? { start: now, end: now + YEAR };
  const [ofA, ofB] = [a, b].map((window) =>
    spans(window, start, Math.min(end, start + YEAR), read),
  ) as [Generator<Span>, Generator<Span>];
  let [left, right] = [ofA.next(), ofB.next()];
  while (left.done !== true && right.done !== true) {
    const moment = Math.max(left.value.start, right.value.start, start);
    if (moment < Math.min(left.value.end, right.value.end))
      return nominal ? moment : LocalTime.at(moment, a.zone);
    if (left.value.end < right.value.end) left = ofA.next();
    else right = ofB.next();
  }
  return undefined;
};

/** What it is called, or when it is. */
export const text = ({ name, schedule, duration, from, to }: FreezeWindow): string => {
  if (name !== undefined) return `"${name}"`;
  return schedule === undefined || duration === undefined
    ? `${LocalTime.format(from ?? 0)} to ${LocalTime.format(to ?? 0)}`
    : `"${schedule.text}" for ${Duration.format(duration)}`;
};
