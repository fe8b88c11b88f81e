import { assert, describe, it } from "@effect/vitest";
import { Effect, Either, Schema } from "effect";
import { Ledger, Ledgers } from "../src/index.js";
import { entry, ledger } from "./support/Ledgers.js";

const place = { namespace: "shop", service: "web" };

const configMap = (json: unknown) => ({
  ...Ledgers.refOf(place),
  metadata: {
    name: "nopea-web",
    namespace: "shop",
    resourceVersion: "7",
    labels: { [Ledgers.label]: "web" },
  },
  data: { "ledger.json": JSON.stringify(json) },
});

const json = Schema.encodeSync(Ledger.Ledger)(ledger());
const one = Schema.encodeSync(Ledger.OutcomeEntry)(entry(5));
const full = {
  ...one,
  outcome: "rolledback",
  restored: true,
  reason: "crash_loop",
  rollback_of: one.id,
  change: { kind: "image", semver: "patch", objects: 1, lines: 2 },
  who: { kind: "ci", name: "github" },
  digest: "sha256:00",
};

const outcomes: ReadonlyArray<readonly [string, unknown]> = [
  ["none", []],
  ["the usual ones", [one, full]],
  ["one that a newer nopea wrote more into", [one, { ...full, more: { of: "it" } }]],
  ["more in a part of one", [{ ...full, who: { kind: "ci", name: "github", more: true } }]],
  ["one without its end", [one, { ...full, ended: undefined }]],
  ["a reason that is none", [{ ...full, reason: "bad_luck" }]],
  ["an id that is none", [{ ...full, id: "7" }]],
  ["a time of another form", [{ ...full, accepted: "2026-01-01" }]],
  ["a rollback of nothing", [{ ...full, rollback_of: null }]],
  ["a key of every object", [JSON.parse(JSON.stringify(one).replace("{", '{"__proto__":1,'))]],
  ["a list in place of one", [[one]]],
  ["no list", { 0: one }],
  ["nothing at all", undefined],
];

describe("a ledger's outcomes", () => {
  for (const [what, some] of outcomes)
    it.effect(`are what the schema says: ${what}`, () =>
      Effect.gen(function* () {
        const whole = JSON.parse(JSON.stringify({ ...json, outcomes: some })) as unknown;
        const read = yield* Effect.either(Ledgers.decode(place, configMap(whole)));
        const schema = yield* Effect.either(
          Schema.decodeUnknown(Ledger.Ledger, { onExcessProperty: "preserve" })(whole),
        );
        const said = Either.merge(read);
        if (Either.isRight(schema))
          assert.deepEqual(said, { ledger: schema.right, resourceVersion: "7", json: whole });
        else assert.include("message" in said ? said.message : "", "can't be read");
      }),
    );
});
