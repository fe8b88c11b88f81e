/**
 * Durations as people write them (`500ms`, `120s`, `5m`, `1h30m`), Go's form as kubectl and
 * Helm take it, to milliseconds and back.
 */
import { Option, ParseResult, Schema } from "effect";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const WHOLE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/;
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h)/g;

/** Milliseconds, or none where the text is no duration. */
export const parse = (text: string): Option.Option<number> =>
  WHOLE.test(text)
    ? Option.some(
        Math.round(
          [...text.matchAll(PART)].reduce(
            (sum, [, figure, unit]) => sum + Number(figure) * (UNITS[unit ?? ""] ?? 0),
            0,
          ),
        ),
      )
    : Option.none();

/** `1500` → `1.5s`, `90000` → `1m30s`: at most two units, the way a person says it. */
export const format = (millis: number): string => {
  if (millis < 1_000) return `${Math.round(millis)}ms`;
  if (millis < 59_950) return `${Number((millis / 1_000).toFixed(1))}s`;
  const seconds = Math.round(millis / 1_000);
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (h > 0) return m > 0 ? `${h}h${m}m` : `${h}h`;
  return s > 0 ? `${m}m${s}s` : `${m}m`;
};

/** A duration's text on one side, whole milliseconds on the other. */
export const DurationText = Schema.transformOrFail(Schema.String, Schema.NonNegativeInt, {
  strict: true,
  decode: (text, _, ast) =>
    Option.match(parse(text), {
      onNone: () =>
        ParseResult.fail(
          new ParseResult.Type(ast, text, `"${text}" is no duration: write 90s, 5m or 1h30m`),
        ),
      onSome: ParseResult.succeed,
    }),
  encode: (millis) => ParseResult.succeed(format(millis)),
});
