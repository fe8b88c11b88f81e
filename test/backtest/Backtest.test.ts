/** What the predictor must reach, on a real history and on ones whose truth is known. */
import { assert, describe, it } from "@effect/vitest";
import { readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { Logistic, Original, ServiceRate } from "./Baselines.js";
import { generate, linesOf, profiles } from "./Generated.js";
import { type Deploy, parse } from "./History.js";
import { Nopea } from "./Nopea.js";
import { plantedFound } from "./Planted.js";
import { digestOf, priorFor, withoutIt } from "./Prior.js";
import { type Predictor, score } from "./Replay.js";
import { Told } from "./Told.js";

const real = parse(
  gunzipSync(
    readFileSync(new URL("../fixtures/histories/gitops-b.jsonl.gz", import.meta.url)),
  ).toString(),
  Infinity,
).deploys;
const known = withoutIt(new URL("./priors.json", import.meta.url));

/** A history takes seconds, in which the runner's messages wait: it takes a minute's silence for a failure. */
const scored = async <Kept>(deploys: ReadonlyArray<Deploy>, predictor: Predictor<Kept>) => {
  await setImmediate();
  return score(deploys, predictor);
};

describe("On a real history", () => {
  it("predicts better than any baseline, with a prior that was not learnt from it", async () => {
    assert.isTrue(known.has(digestOf(real)));
    const nopea = await scored(real, new Nopea(priorFor(real, known)));
    assert.isAtLeast(nopea.auc, 0.705);
    assert.isAtLeast(nopea.brier_skill, 0.025);
    assert.isAtMost(nopea.ece, 0.012);
    for (const baseline of [new ServiceRate(), new Original()]) {
      const { auc, brier_skill, log_loss } = await scored<undefined>(real, baseline);
      assert.isAbove(nopea.auc, auc);
      assert.isAbove(nopea.brier_skill, brier_skill);
      assert.isBelow(nopea.log_loss, log_loss);
    }
    const logistic = await scored(real, new Logistic());
    assert.isAbove(nopea.auc, logistic.auc);
    assert.isAbove(nopea.brier_skill, logistic.brier_skill);
  });
});

describe("On generated histories", () => {
  it("comes within a twentieth of a batch regression that is told the form and the pairs", async () => {
    let [ours, theirs] = [0, 0];
    for (const profile of Object.values(profiles)) {
      const { deploys, pairs } = generate(2, profile);
      const nopea = await scored(deploys, new Nopea());
      assert.isAtMost(nopea.ece, 0.02);
      ours += nopea.auc - 0.5;
      theirs += (await scored(deploys, new Told(pairs))).auc - 0.5;
      const original = await scored(deploys, new Original());
      assert.isAbove(nopea.auc, original.auc);
      assert.isAbove(nopea.brier_skill, original.brier_skill);
      assert.isBelow(nopea.log_loss, original.log_loss);
    }
    assert.isAtLeast(ours / theirs, 0.95);
  });

  // Pooled over 20 seeds: npm run backtest -- --planted 20
  const seeds = 3;

  for (const [name, recall] of [
    ["lift-4", 0.9],
    ["lift-3", 0.8],
  ] as const)
    it(`finds the planted pairs at a ${name}, and hardly any that aren't there`, async () => {
      const { right, wrong, missed } = await plantedFound(profiles[name], seeds);
      assert.isAtLeast(right / (right + wrong), 0.95);
      assert.isAtLeast(right / (right + missed), recall);
    });

  it("finds no pair where there is none", async () => {
    const { wrong } = await plantedFound(profiles["no-pairs"], seeds);
    assert.isAtMost(wrong, 1);
  });

  it("are the same from the same seed, and read back as they were", () => {
    const made = generate(7, profiles["lift-4"]);
    const { deploys, complaints } = parse(linesOf(made), Infinity);
    assert.deepStrictEqual(complaints, []);
    assert.deepStrictEqual(deploys, made.deploys);
    assert.strictEqual(linesOf(generate(7, profiles["lift-4"])), linesOf(made));
  });
});

describe("A history's lines", () => {
  const good = {
    service: "web",
    namespace: "shop",
    time: "2026-01-01T00:00:00Z",
    change_kind: "image",
    semver: "minor",
    files_changed: 1,
    lines_changed: 2,
    co_services: ["redis"],
    bot: true,
    is_revert: false,
    outcome: "ok",
    unknown: 1,
  };
  const now = Date.parse("2026-06-01T00:00:00Z");
  const read = (...lines: ReadonlyArray<unknown>) =>
    parse(
      lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"),
      now,
    );

  it("are named where they can't be taken, and the good ones are", () => {
    const { deploys, complaints } = read(
      good,
      "{broken",
      good,
      { ...good, time: "2027-01-01T00:00:00Z" },
      { ...good, time: "2025-12-31T00:00:00Z" },
      { ...good, outcome: "maybe", time: "2026-01-02T00:00:00Z" },
      { ...good, time: "yesterday" },
      "[]",
    );
    assert.deepStrictEqual(complaints, [
      "line 2: not JSON",
      "line 3: twice the same: taken once",
      "line 4: in the future: not taken",
      "line 5: out of order: taken in its place",
      'line 6: outcome is "maybe"',
      'line 7: time is "yesterday"',
      "line 8: no JSON object",
    ]);
    assert.deepStrictEqual(
      deploys.map(({ at }) => new Date(at).toISOString()),
      ["2025-12-31T00:00:00.000Z", "2026-01-01T00:00:00.000Z"],
    );
  });
});
