import { assert, describe, it } from "@effect/vitest";
import { Drivers, Features, Model, type Pairs, Rates, type Situation } from "@nopea/memory";
import { Plan } from "@nopea/domain";
import { FastCheck } from "effect";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const start = Date.parse("2026-01-01T00:00:00Z");

/** A cluster's memory as the product keeps it, without a store. */
class Memory {
  model = Model.initial;
  readonly rates = new Map<string, Rates.Rate>();
  readonly read = (key: string) => this.rates.get(key);

  risk(situation: Situation.Situation, parts: ReadonlyArray<Pairs.Part> = []) {
    return Model.assess(this.model, situation, this.read, parts);
  }

  learn(situation: Situation.Situation, failed: boolean, weight = 1) {
    this.model = Model.learn(this.model, situation, this.read, [], failed, weight);
    for (const key of Features.keysOf(situation))
      this.rates.set(
        key,
        Rates.add(this.rates.get(key), key, situation.at, Number(failed), weight),
      );
  }
}

const bare: Situation.Situation = {
  service: "web",
  namespace: "shop",
  at: start,
  together: [],
  lastFailed: [],
};

const situation: FastCheck.Arbitrary<Situation.Situation> = FastCheck.record(
  {
    service: FastCheck.constantFrom("web", "api", "redis"),
    namespace: FastCheck.constantFrom("shop", "pay"),
    at: FastCheck.integer({ min: start, max: start + 300 * DAY }),
    change: FastCheck.record({
      kind: FastCheck.constantFrom(...Plan.Change.fields.kind.literals),
      semver: FastCheck.constantFrom(...Plan.Change.fields.semver.literals),
      objects: FastCheck.integer({ min: 1, max: 30 }),
      lines: FastCheck.integer({ min: 0, max: 500 }),
    }),
    bot: FastCheck.boolean(),
    isRevert: FastCheck.boolean(),
    gapMs: FastCheck.integer({ min: 0, max: 60 * DAY }),
    together: FastCheck.subarray(["a", "b", "c", "d", "e"]),
    lastFailed: FastCheck.array(FastCheck.boolean(), { maxLength: 3 }),
  },
  { requiredKeys: ["service", "namespace", "at", "together", "lastFailed"] },
);

const history = FastCheck.array(FastCheck.tuple(situation, FastCheck.boolean()), {
  maxLength: 60,
}).map((all) => [...all].sort(([a], [b]) => a.at - b.at));

const remembering = (lessons: ReadonlyArray<readonly [Situation.Situation, boolean]>) => {
  const memory = new Memory();
  for (const [each, failed] of lessons) memory.learn(each, failed);
  return memory;
};

describe("Model", () => {
  it("gives a few percent to the first deploy ever", () => {
    const { probability } = new Memory().risk(bare);
    assert.isAbove(probability, 0.01);
    assert.isBelow(probability, 0.1);
  });

  it("holds a service to be less risky after a success, and more so after a failure", () => {
    FastCheck.assert(
      FastCheck.property(history, situation, (lessons, each) => {
        const last = { ...each, at: start + 301 * DAY };
        const before = remembering(lessons).risk(last).probability;
        const better = remembering([...lessons, [last, false]]).risk(last).probability;
        const worse = remembering([...lessons, [last, true]]).risk(last).probability;
        assert.isBelow(better, before);
        assert.isAbove(worse, before);
      }),
      { numRuns: 300 },
    );
  });

  it("is the sum of its parts, in log-odds", () => {
    const parts = FastCheck.array(
      FastCheck.record({
        service: FastCheck.constant("redis"),
        logOdds: FastCheck.double({ min: 0, max: 4, noNaN: true }),
      }),
      { maxLength: 1 },
    );
    FastCheck.assert(
      FastCheck.property(history, situation, parts, (lessons, last, pairs) => {
        const { probability, parts } = remembering(lessons).risk(last, pairs);
        const sum = parts.reduce((sum, { logOdds }) => sum + logOdds, 0);
        assert.closeTo(sum, Features.logit(probability), 1e-9);
      }),
    );
  });

  it("knows of nothing that is missing: an unknown change moves no figure of another", () => {
    const keys = Features.keysOf(bare);
    for (const word of ["kind", "semver", "lines", "objects", "who", "gap"])
      assert.isFalse(
        keys.some((key) => key.startsWith(`${word}:`)),
        word,
      );
    const x = Features.featuresOf(bare, () => undefined, {});
    assert.deepStrictEqual(
      x.slice(2),
      x.slice(2).map(() => 0),
    );
  });

  it("moves a service as far by outcomes that tell as much, however often others fail", () => {
    const service = "service:shop/web";
    const halved = [0.05, 0.08, 0.12].map((rate) => {
      // As many deploys, none of which failed, as tell its log-odds to a standard deviation of 1.
      const deploys = 1 / (rate * (1 - rate));
      const rates = new Map([
        [Rates.CLUSTER, Rates.add(undefined, Rates.CLUSTER, start, rate, 1e6)],
        ["namespace:shop", Rates.add(undefined, "namespace:shop", start, rate, 1e5)],
        [service, Rates.add(undefined, service, start, 0, deploys)],
      ]);
      const x = Features.featuresOf(bare, (key) => rates.get(key), {});
      return x[Features.features.findIndex(({ name }) => name === "service")] as number;
    });
    for (const logOdds of halved) assert.closeTo(logOdds, -Math.log(2), 0.1);
  });

  it("lets what the platform caused weigh less", () => {
    const [full, light] = [new Memory(), new Memory()];
    full.learn(bare, true);
    light.learn(bare, true, 0.3);
    assert.isBelow(light.risk(bare).probability, full.risk(bare).probability);
    assert.isAbove(light.risk(bare).probability, new Memory().risk(bare).probability);
  });

  for (const [gap, name] of [
    [5_000, "seconds"],
    [60 * MINUTE, "hours"],
    [DAY, "days"],
  ] as const)
    for (const failures of [2, 3])
      it(`of a fresh service passes 0.15 after ${failures} failures and comes back by successes, ${name} apart`, () => {
        const memory = new Memory();
        let at = start;
        let lastFailed: ReadonlyArray<boolean> = [];
        const next = () => ({
          ...bare,
          ...(at > start && { gapMs: gap }),
          at,
          lastFailed,
        });
        const deploy = (failed: boolean) => {
          memory.learn(next(), failed);
          lastFailed = [...lastFailed, failed].slice(-3);
          at += gap;
          return memory.risk(next()).probability;
        };
        deploy(false);
        let risk = 0;
        for (let i = 0; i < failures; i++) risk = deploy(true);
        assert.isAbove(risk, 0.15);
        let successes = 0;
        while (risk > 0.15 && successes < 20) {
          risk = deploy(false);
          successes += 1;
        }
        assert.isAtLeast(successes, 2);
        assert.isAtMost(successes, 6);
      });
});

describe("Drivers", () => {
  const tally = FastCheck.record({
    deploys: FastCheck.integer({ min: 0, max: 50 }),
    failed: FastCheck.constant(0),
  });

  it("add up to the log-odds of the probability, the largest first and base last", () => {
    FastCheck.assert(
      FastCheck.property(history, situation, tally, (lessons, last, figures) => {
        const assessment = remembering(lessons).risk(last, [{ service: "redis", logOdds: 1.5 }]);
        const drivers = Drivers.driversOf(assessment, last, {
          last: { ...figures, reasons: [] },
          namespace: figures,
          cluster: figures,
          patterns: new Map(),
        });
        const sum = drivers.reduce((sum, { logOdds }) => sum + logOdds, 0);
        assert.closeTo(sum, Features.logit(assessment.probability), 1e-9);
        assert.strictEqual(drivers.at(-1)?.name, "base");
        const sizes = drivers.slice(0, -1).map(({ logOdds }) => Math.abs(logOdds));
        assert.deepStrictEqual(
          sizes,
          [...sizes].sort((a, b) => b - a),
        );
      }),
    );
  });

  it("say what was seen, in figures", () => {
    const memory = new Memory();
    const failing = { ...bare, gapMs: 12 * MINUTE, together: ["redis"] };
    for (let i = 0; i < 6; i++) {
      memory.learn({ ...failing, at: start + i * DAY }, true);
      memory.learn({ ...bare, namespace: "pay", at: start + i * DAY }, false);
    }
    const last = { ...failing, at: start + 7 * DAY, lastFailed: [true, true, true] };
    const drivers = Drivers.driversOf(memory.risk(last, [{ service: "redis", logOdds: 2 }]), last, {
      last: { deploys: 8, failed: 3, reasons: ["crash_loop", "crash_loop", "crash_loop"] },
      namespace: { deploys: 40, failed: 2 },
      cluster: { deploys: 100, failed: 5 },
      patterns: new Map([
        [
          "redis",
          {
            agoMs: 12 * MINUTE,
            together: { deploys: 5, failed: 4 },
            otherwise: { deploys: 40, failed: 1 },
          },
        ],
      ]),
    });
    const textOf = (name: string) => drivers.find((each) => each.name === name)?.text;
    assert.strictEqual(textOf("service"), "3 of the last 8 failed, all crash_loop");
    assert.strictEqual(
      textOf("pattern:redis"),
      "redis was deployed 12 min ago: 4 of 5 such deploys failed, against 1 of 40 otherwise",
    );
    assert.strictEqual(textOf("namespace"), "2 of 40 deploys in namespace shop failed");
    assert.strictEqual(textOf("base"), "5 of 100 deploys in this cluster failed");
  });
});
