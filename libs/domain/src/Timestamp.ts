/**
 * A point in time as RFC 3339 in UTC with milliseconds (`2026-11-24T06:40:28.123Z`): the one
 * form nopea writes. Strings of this form sort as the times do.
 */
import { Schema } from "effect";

const FORM = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

export const Timestamp = Schema.String.pipe(
  Schema.pattern(FORM, { message: () => "expected RFC 3339 in UTC with milliseconds" }),
  Schema.brand("Timestamp"),
  Schema.annotations({ identifier: "Timestamp" }),
);
export type Timestamp = typeof Timestamp.Type;

/** As `Schema.is(Timestamp)`, for where there are thousands. */
export const is = (value: unknown): value is Timestamp =>
  typeof value === "string" && FORM.test(value);

/** `millis` = milliseconds since the Unix epoch. */
export const fromMillis = (millis: number): Timestamp =>
  new Date(millis).toISOString() as Timestamp;

/** Milliseconds since the Unix epoch. */
export const toMillis = (timestamp: Timestamp): number => Date.parse(timestamp);

/**
 * What Kubernetes writes (`2026-11-24T06:40:28Z`, micro times with six digits) as ours;
 * `undefined` where it is no time.
 */
export const fromKubernetes = (text: string | undefined): Timestamp | undefined => {
  if (text === undefined) return undefined;
  const millis = Date.parse(text);
  return Number.isNaN(millis) ? undefined : fromMillis(millis);
};

const RFC_3339 = /^(\d{4}-\d{2}-\d{2})[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** Any RFC 3339 time as milliseconds since the Unix epoch; `undefined` where it is none, or its day does not exist. */
export const fromRfc3339 = (text: string): number | undefined => {
  const day = RFC_3339.exec(text)?.[1];
  if (day === undefined) return undefined;
  const midnight = Date.parse(`${day}T00:00:00Z`);
  const millis = Date.parse(text.toUpperCase().replace(" ", "T"));
  // The 31st of February would quietly become a day in March.
  return Number.isNaN(millis) ||
    Number.isNaN(midnight) ||
    !new Date(midnight).toISOString().startsWith(day)
    ? undefined
    : millis;
};
