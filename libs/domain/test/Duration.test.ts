import { assert, describe, it } from "@effect/vitest";
import { Duration } from "@nopea/domain";
import { Either, Option, Schema } from "effect";

describe("Duration", () => {
  for (const [text, millis] of [
    ["500ms", 500],
    ["120s", 120_000],
    ["1.5s", 1_500],
    ["5m", 300_000],
    ["1h30m", 5_400_000],
    ["0s", 0],
  ] as const) {
    it(`reads ${text}`, () => assert.deepStrictEqual(Duration.parse(text), Option.some(millis)));
  }

  for (const text of ["", "5", "m", "-5s", "5 m", "5d", "1h30", "Infinity"]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.isTrue(Option.isNone(Duration.parse(text))));
  }

  it("says how to write one when it refuses", () => {
    const answer = Schema.decodeUnknownEither(Duration.DurationText)("soon");
    assert.isTrue(Either.isLeft(answer) && answer.left.message.includes("write 90s, 5m or 1h30m"));
  });

  for (const [millis, text] of [
    [0, "0ms"],
    [999, "999ms"],
    [1_500, "1.5s"],
    [59_960, "1m"],
    [90_000, "1m30s"],
    [3_600_000, "1h"],
    [5_400_000, "1h30m"],
  ] as const) {
    it(`says ${millis} ms as ${text}`, () => assert.strictEqual(Duration.format(millis), text));
  }
});
