/**
 * Times as a clock on the wall shows them, and the instants at which it does. A local time is held
 * as the milliseconds that would be its instant in UTC, so that a day of it always has 24 hours.
 */
import { DateTime, Option, ParseResult, Schema } from "effect";

export const DAY = 86_400_000;
const WEEK = 7 * DAY;

const FORM = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?$/;

const parse = (text: string): number | undefined => {
  const [, date, minutes, seconds = ":00"] = FORM.exec(text) ?? [];
  if (date === undefined) return undefined;
  const iso = `${date}T${minutes}${seconds}.000Z`;
  const time = Option.getOrUndefined(DateTime.make(iso));
  // A day that the month doesn't have is read as one of the next.
  return time !== undefined && DateTime.formatIso(time) === iso ? time.epochMillis : undefined;
};

/** `2026-12-24T18:00`, seconds if need be, and no offset. */
export const LocalTime = Schema.transformOrFail(Schema.String, Schema.Number, {
  strict: true,
  decode: (text, _, ast) => {
    const local = parse(text);
    return local === undefined
      ? ParseResult.fail(
          new ParseResult.Type(ast, text, `"${text}" is no local time: write 2026-12-24T18:00`),
        )
      : ParseResult.succeed(local);
  },
  encode: (local) => ParseResult.succeed(format(local)),
}).annotations({ identifier: "LocalTime" });

export interface Zone {
  /** As it was written: runtimes give some zones an older name. */
  readonly name: string;
  readonly rules: DateTime.TimeZone.Named;
}

/** An IANA zone's name: `Europe/Berlin`, `UTC`. */
export const Zone = Schema.transformOrFail(
  Schema.String,
  Schema.declare((value): value is Zone => typeof value === "object" && value !== null),
  {
    strict: true,
    decode: (name, _, ast) =>
      // Some runtimes take offsets (`+02:00`) for names.
      Option.match(/^[A-Za-z]/.test(name) ? DateTime.zoneMakeNamed(name) : Option.none(), {
        onNone: () =>
          ParseResult.fail(
            new ParseResult.Type(
              ast,
              name,
              `"${name}" is no time zone: write an IANA name such as Europe/Berlin or UTC`,
            ),
          ),
        onSome: (rules) => ParseResult.succeed({ name, rules }),
      }),
    encode: ({ name }) => ParseResult.succeed(name),
  },
).annotations({ identifier: "TimeZone" });

/** `2026-12-24 18:00`, with seconds where there are any. */
export const format = (local: number): string => {
  const text = DateTime.formatIso(DateTime.unsafeMake(local)).slice(0, 19).replace("T", " ");
  return text.endsWith(":00") ? text.slice(0, 16) : text;
};

const offsetAt = (instant: number, { rules }: Zone): number =>
  DateTime.zonedOffset(DateTime.unsafeMakeZoned(instant, { timeZone: rules }));

export const at = (instant: number, zone: Zone): number => instant + offsetAt(instant, zone);

/** One, or both where the clock is put back over it. Where it is put forward over it: when it has been. */
const instants = (local: number, zone: Zone): ReadonlyArray<number> => {
  const as = (disambiguation: "earlier" | "later"): number =>
    DateTime.unsafeMakeZoned(local, {
      timeZone: zone.rules,
      adjustForTimeZone: true,
      disambiguation,
    }).epochMillis;
  const [earlier, later] = [as("earlier"), as("later")];
  return earlier !== later && at(later, zone) === local ? [earlier, later] : [later];
};

/**
 * `instants` for the times of one day, in ascending order. Asking a zone is slow, and within most
 * weeks its offset is the same. (No zone goes and comes back within one.)
 */
export const instantsOf = (
  zone: Zone,
): ((locals: ReadonlyArray<number>) => ReadonlyArray<number>) => {
  const offsets = new Map<number, number | undefined>();
  const offsetOfWeek = (week: number): number | undefined => {
    if (!offsets.has(week)) {
      const before = offsetAt(week * WEEK - DAY, zone);
      const after = offsetAt((week + 1) * WEEK + DAY, zone);
      offsets.set(week, before === after ? before : undefined);
    }
    return offsets.get(week);
  };
  return (locals) => {
    const [first = 0] = locals;
    const offset = offsetOfWeek(Math.floor(first / WEEK));
    return offset === undefined
      ? locals.flatMap((local) => instants(local, zone)).sort((a, b) => a - b)
      : locals.map((local) => local - offset);
  };
};
