/** What is read without the schema is what the schema would have read. */
import { assert, describe, it } from "@effect/vitest";
import { Arbitrary, Either, FastCheck, Schema } from "effect";
import * as Entries from "../src/internal/entries.js";
import * as Ledger from "../src/Ledger.js";

const Outcomes = Schema.Array(Ledger.OutcomeEntry);
const decode = Schema.decodeUnknownEither(Outcomes, { onExcessProperty: "preserve" });
const encode = Schema.encodeSync(Outcomes);
const entries = Arbitrary.make(Outcomes).map((some) => encode(some));
const junk = FastCheck.constantFrom<unknown>(null, "", "x".repeat(65), -1, 0.5, true, [], {}, "ok");

describe("a ledger's outcomes", () => {
  it("are plain where they are what the schema says", () => {
    FastCheck.assert(
      FastCheck.property(entries, (some) => {
        assert.deepStrictEqual(Entries.plain(some), Either.getOrThrow(decode(some)));
      }),
    );
  });

  it("with something else at any place are what the schema makes of them, or left to it", () => {
    FastCheck.assert(
      FastCheck.property(
        entries.filter((some) => some.length > 0),
        FastCheck.nat(),
        FastCheck.nat(),
        FastCheck.option(junk, { nil: undefined }),
        FastCheck.boolean(),
        (some, place, at, value, within) => {
          const wrong = structuredClone(some) as unknown as Array<Record<string, unknown>>;
          const entry = wrong[place % wrong.length] as Record<string, unknown>;
          const inner = [entry["change"], entry["who"]].filter((each) => each !== undefined);
          const target = (within && inner[at % inner.length]) || entry;
          const keys = [...Object.keys(target), "constructor", "new"];
          const key = keys[at % keys.length] as string;
          if (value === undefined) Reflect.deleteProperty(target, key);
          else (target as Record<string, unknown>)[key] = value;
          const plain = Entries.plain(wrong);
          if (plain !== undefined) assert.deepStrictEqual(plain, Either.getOrThrow(decode(wrong)));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it.each([[undefined], [null], ["text"], [{}], [[null]], [[{}]]])("are not %j", (value) => {
    assert.isUndefined(Entries.plain(value));
  });
});
