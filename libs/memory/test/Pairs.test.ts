import { assert, describe, it } from "@effect/vitest";
import { Pairs } from "@nopea/memory";

const pair = (
  both: readonly [n: number, f: number, e: number],
  all: readonly [n: number, f: number, e: number],
  wellSince = 0,
): Pairs.Pair => ({
  both: { n: both[0], f: both[1], e: both[2] },
  all: { n: all[0], f: all[1], e: all[2] },
  wellSince,
});

describe("Pairs", () => {
  it("tests a pair by how often it was deployed, never by how that ended", () => {
    for (const failed of [0, 5, 9]) {
      assert.isFalse(Pairs.isTested(pair([9, failed, 0.4], [100, 20, 4])));
      assert.isTrue(Pairs.isTested(pair([10, failed, 0.4], [100, 20, 4])));
    }
  });

  it("finds failures unlikely that fall where the model expected few of them", () => {
    assert.isBelow(Pairs.chanceOf(pair([20, 12, 0.8], [120, 16, 4.8])), 1e-5);
    assert.strictEqual(Pairs.chanceOf(pair([20, 0, 0.8], [120, 4, 4.8])), 1);
    // As often with the other as without: the service's level, and no pair.
    assert.isAbove(Pairs.chanceOf(pair([20, 8, 0.8], [120, 48, 4.8])), 0.02);
  });

  it("lets level, size and hour cancel: what the model expected of these deploys is no news", () => {
    assert.isAbove(Pairs.chanceOf(pair([20, 8, 7.5], [120, 12, 12])), 0.2);
  });

  it("gives chances that are chances: they never grow as failures do", () => {
    let last = 1;
    for (let f = 0; f <= 30; f++) {
      const chance = Pairs.chanceOf(pair([30, f, 1.2], [200, f + 5, 8]));
      assert.isAtMost(chance, last + 1e-12);
      assert.isAtLeast(chance, 0);
      last = chance;
    }
    assert.isBelow(last, 1e-12);
    assert.isAbove(last, 0);
  });

  it("lets stand what Benjamini and Hochberg's rule does, of all that were tested", () => {
    const alone = Pairs.FALSE_SHARE / 100;
    assert.strictEqual(Pairs.cutoffOf([0.5, 0.3], 100), 0);
    assert.strictEqual(Pairs.cutoffOf([alone / 2, 3 * alone, 0.5], 100), alone / 2);
    // The second carries the first.
    assert.strictEqual(Pairs.cutoffOf([1.5 * alone, 1.9 * alone], 100), 1.9 * alone);
    assert.strictEqual(Pairs.cutoffOf([1.5 * alone], 100), 0);
  });

  it("adds more the more of such deploys failed, never less than nothing, never over its cap", () => {
    let last = 0;
    for (let f = 0; f <= 20; f++) {
      const logOdds = Pairs.logOddsOf(pair([20, f, 0.8], [120, f + 4, 4.8]));
      assert.isAtLeast(logOdds, last);
      assert.isAtMost(logOdds, 4);
      last = logOdds;
    }
    assert.isAbove(last, 3);
  });

  it("adds nothing on what may have been one incident, and hears four failures of five", () => {
    for (let n = 1; n < 5; n++)
      assert.strictEqual(Pairs.logOddsOf(pair([n, n, n * 0.04], [60, n + 2, 2.4])), 0, `${n}`);
    assert.isAbove(Pairs.logOddsOf(pair([5, 4, 0.2], [45, 5, 1.8])), 2);
  });

  it("drops a pattern after a run that it would have made very unlikely", () => {
    const held = pair([20, 12, 0.8], [120, 16, 4.8], 2);
    assert.isFalse(Pairs.hasStopped(held));
    const stopped = pair([32, 12, 1.3], [140, 16, 5.6], 16);
    assert.isTrue(Pairs.hasStopped(stopped));
    assert.strictEqual(Pairs.logOddsOf(stopped), 0);
  });

  it("hears only the strongest of the services deployed before", () => {
    const parts = [
      { service: "redis", logOdds: 2 },
      { service: "db", logOdds: 3 },
      { service: "web", logOdds: 0 },
    ];
    assert.deepStrictEqual(Pairs.strongest(parts), [{ service: "db", logOdds: 3 }]);
    assert.deepStrictEqual(Pairs.strongest([{ service: "web", logOdds: 0 }]), []);
  });

  it("expects of a deploy what another pair explains, so that its companion is no culprit", () => {
    const parts = [
      { service: "redis", logOdds: 3 },
      { service: "web", logOdds: 0.5 },
    ];
    assert.isAbove(Pairs.expectedWithout("web", 0.04, parts), 0.4);
    assert.isBelow(Pairs.expectedWithout("redis", 0.04, parts), 0.07);
  });

  it("blames the service for as much of a failure as it would have failed anyway", () => {
    assert.strictEqual(Pairs.blameOf(0.04, 0.04), 1);
    assert.closeTo(Pairs.blameOf(0.04, 0.5), 0.08, 1e-12);
  });
});
