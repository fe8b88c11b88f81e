import { assert, describe, it } from "@effect/vitest";
import { FastCheck } from "effect";
import { Rates } from "@nopea/memory";

const DAY = 86_400_000;
const now = Date.parse("2026-11-24T12:00:00Z");

interface Outcome {
  readonly age: number;
  readonly failed: boolean;
  readonly weight: number;
}
const outcome = FastCheck.record({
  age: FastCheck.integer({ min: 0, max: 400 }),
  failed: FastCheck.boolean(),
  weight: FastCheck.constantFrom(0.1, 0.3, 1),
});
const outcomes = FastCheck.array(outcome, { minLength: 1, maxLength: 20 });

const added = (all: ReadonlyArray<Outcome>, sign = 1, from?: Rates.Rate) =>
  all.reduce<Rates.Rate | undefined>(
    (rate, { age, failed, weight }) =>
      Rates.add(rate, "service:shop/web", now - age * DAY, Number(failed), sign * weight),
    from,
  );

const countsOf = (rate: Rates.Rate | undefined) => {
  const { n, f } = Rates.longAt(rate, "service:shop/web", now);
  const short = Rates.shortAt(rate, "service:shop/web", now);
  return [n, f, short.n, short.f];
};

const assertClose = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) =>
  a.forEach((each, i) => assert.closeTo(each, b[i] ?? NaN, 1e-9));

describe("Rates", () => {
  it("count the same in whatever order outcomes arrive", () => {
    FastCheck.assert(
      FastCheck.property(
        outcomes.chain((all) =>
          FastCheck.tuple(
            FastCheck.constant(all),
            FastCheck.shuffledSubarray(all, { minLength: all.length }),
          ),
        ),
        ([all, shuffled]) => assertClose(countsOf(added(all)), countsOf(added(shuffled))),
      ),
    );
  });

  it("take an outcome back as if it had never been", () => {
    FastCheck.assert(
      FastCheck.property(outcomes, outcomes, (kept, wrong) =>
        assertClose(countsOf(added(wrong, -1, added([...kept, ...wrong]))), countsOf(added(kept))),
      ),
    );
  });

  it("count an outcome half after six weeks of late, and nearly whole over the years", () => {
    const [n, f, shortN, shortF] = countsOf(added([{ age: 45, failed: true, weight: 1 }]));
    assertClose([shortN ?? NaN, shortF ?? NaN], [0.5, 0.5]);
    assert.isAbove(n ?? 0, 0.97);
    assert.strictEqual(n, f);
  });

  it("stand as they did long before what was taken back since, or say nothing of it", () => {
    const key = Rates.CLUSTER_MONTH;
    for (const days of [30, 220, 400, 2_000]) {
      const old = [0, 1, 0, 1, 1, 0, 0].reduce<Rates.Rate | undefined>(
        (rate, failed, i) => Rates.add(rate, key, now - (days - i / 7) * DAY, failed, 1),
        undefined,
      );
      assert.isDefined(old);
      let rate: Rates.Rate = old;
      const later = Array.from({ length: 200 }, (_, i) => now + i * 1_700_000);
      for (const sign of [1, -1])
        for (const [i, at] of later.entries())
          rate = Rates.add(rate, key, at, i % 7 === 0 ? 0.83 : 0, sign);
      const then = now - (days - 1) * DAY;
      const [found, truth] = [rate, old].map((each) => Rates.asOf(each, key, then));
      assert.isDefined(found);
      assert.isDefined(truth);
      if (days > 225) assertClose([found.shortN, found.shortF], [0, 0]);
      else {
        assert.closeTo(found.shortN, truth.shortN, 0.001);
        assert.closeTo(found.shortF, truth.shortF, 0.001);
      }
      if (days > 961) assertClose([found.longN, found.longF], [0, 0]);
      else assert.closeTo(found.longN, truth.longN, 0.001);
    }
  });

  it("are nothing where nothing was added", () => {
    assert.deepStrictEqual(countsOf(undefined), [0, 0, 0, 0]);
  });
});
