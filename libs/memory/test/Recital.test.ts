import { assert, describe, it } from "@effect/vitest";
import { Recital } from "@nopea/memory";
import { Effect, Option } from "effect";
import { chance, DAY, history, HOUR, idAt, inMemory, MINUTE, pick, ref, row, T0 } from "./given.js";

const place = { namespace: ref().namespace, service: ref().service };

/** Deploys of one service, hours to days apart, every third or so failing. */
const ofOneService = (seed: number, count: number) => {
  const random = chance(seed);
  let at = T0;
  return Array.from({ length: count }, () => {
    at += Math.floor(2 * HOUR + random() * 3 * DAY);
    return random() < 0.35
      ? row(at, { outcome: "failed", reason: pick(random, ["crash_loop", "timeout"]) }, random)
      : row(at, {}, random);
  });
};

const logit = (p: number) => Math.log(p / (1 - p));

describe("what is said without a store", () => {
  it.effect.each([1, 2, 3])("is what a store says of a service that is alone (%i)", (seed) =>
    inMemory((memory, deploys) =>
      Effect.gen(function* () {
        const rows = ofOneService(seed, 60);
        yield* deploys.takeIn(rows, Option.none());
        yield* memory.catchUp;
        const ask = { at: T0 + 120 * DAY, change: "last" as const, bot: true };
        const kept = yield* memory.context(ref(), ask);
        const said = Recital.context(place, rows.toReversed(), undefined, ask);
        assert.closeTo(said.risk.probability, kept.risk.probability, 1e-6);
        assert.deepStrictEqual(said.lastOutcomes, kept.lastOutcomes);
        assert.deepStrictEqual(said.risk.basedOn, kept.risk.basedOn);
        assert.deepStrictEqual(
          said.failurePatterns.map(({ error, observations, evidence }) => [
            error,
            observations,
            evidence,
          ]),
          kept.failurePatterns.map(({ error, observations, evidence }) => [
            error,
            observations,
            evidence,
          ]),
        );
        said.failurePatterns.forEach(({ confidence }, i) =>
          assert.closeTo(confidence, kept.failurePatterns[i]?.confidence ?? NaN, 1e-9),
        );
      }),
    ),
  );

  it("adds up, whatever is known", () => {
    for (const rows of [[], history(4, 200), history(5, 3)]) {
      const { risk, recommendations } = Recital.context(place, rows, undefined, {
        at: T0 + 400 * DAY,
        change: { kind: "image", semver: "major", objects: 2, lines: 9 },
        bot: false,
      });
      const sum = risk.drivers.reduce((all, { logOdds }) => all + logOdds, 0);
      assert.closeTo(sum, logit(risk.probability), 1e-9);
      assert.strictEqual(risk.drivers.at(-1)?.name, "base");
      assert.isFalse(risk.drivers.some(({ name }) => name === "together"));
      if (rows.length === 0) assert.deepStrictEqual(recommendations, []);
    }
  });

  it("is of nothing that was forgotten, and of no deploy that changed nothing", () => {
    const rows = [
      row(T0, { outcome: "failed", reason: "crash_loop" }),
      row(T0 + HOUR, { unchanged: true }),
      row(T0 + 2 * HOUR),
    ];
    const ask = { at: T0 + DAY };
    const all = Recital.context(place, rows, undefined, ask);
    assert.deepStrictEqual(all.risk.basedOn, { service: 2, namespace: 2, cluster: 2 });
    const mark = idAt(T0 + MINUTE);
    const later = Recital.context(place, rows, mark, ask);
    assert.strictEqual(later.risk.basedOn.service, 1);
    assert.deepStrictEqual(later.failurePatterns, []);
    assert.strictEqual(later.learnAfter, mark);
    assert.isFalse(Recital.context(place, rows, idAt(T0 + 3 * HOUR), ask).known);
  });
});
