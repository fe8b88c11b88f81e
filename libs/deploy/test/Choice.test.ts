import { assert, describe, it } from "@effect/vitest";
import { type Risk, type Service, Strategy } from "@nopea/domain";
import { Either, FastCheck, Option } from "effect";
import * as Choice from "../src/Choice.js";
import * as Policy from "../src/Policy.js";

const now = Date.parse("2026-07-04T12:00:00Z");
const ref = { namespace: "shop", service: "web" } as Pick<
  Service.ServiceRef,
  "namespace" | "service"
>;

const risk = (probability: number): Risk.Risk => ({
  probability,
  drivers: [{ name: "service", text: "3 of the last 8 failed", logOdds: 1 }],
  basedOn: { service: 8, namespace: 8, cluster: 8 },
});

const policy = (value: unknown): Policy.Policy => Either.getOrThrow(Policy.decode(value, now));

const frozen = policy({
  freeze: [
    { name: "weekend", schedule: "0 18 * * 5", duration: "60h", time_zone: "Europe/Berlin" },
  ],
});

const question = (fields: Partial<Choice.Question> = {}): Choice.Question => ({
  policy: Policy.empty,
  ref,
  now,
  overrideFreeze: false,
  engine: Option.some("argo-rollouts"),
  canRoll: true,
  isFirst: false,
  ...fields,
});

const chosen = (fields: Partial<Choice.Question>): Choice.Chosen =>
  Either.getOrThrowWith(Choice.choose(question(fields)), ({ message }) => new Error(message));

const refusal = (fields: Partial<Choice.Question>) =>
  Either.getOrThrowWith(Either.flip(Choice.choose(question(fields))), () => new Error("chosen"));

describe("the choice of a strategy", () => {
  it.each<[string, Partial<Choice.Question>, Partial<Choice.Chosen>]>([
    [
      "direct where nothing has a say",
      {},
      { strategy: "direct", rule: "default", threshold: 0.15 },
    ],
    ["direct at the threshold", { risk: risk(0.15) }, { strategy: "direct", rule: "default" }],
    ["a canary over it", { risk: risk(0.151) }, { strategy: "canary", rule: "learnt" }],
    [
      "by the policy's threshold",
      { risk: risk(0.2), policy: policy({ services: { "shop/web": { threshold: 0.2 } } }) },
      { strategy: "direct", rule: "default", threshold: 0.2 },
    ],
    [
      "what the policy says, whatever was learnt",
      { risk: risk(0.9), policy: policy({ strategy: "direct" }) },
      { strategy: "direct", rule: "policy" },
    ],
    [
      "what was asked for, whatever the policy says",
      { asked: "blue_green", policy: policy({ strategy: "canary" }) },
      { strategy: "blue_green", rule: "asked" },
    ],
    [
      "direct for the first deploy",
      { asked: "canary", isFirst: true },
      { strategy: "direct", rule: "asked", wanted: "canary" },
    ],
    [
      "direct where nothing can be rolled out",
      { risk: risk(0.5), canRoll: false },
      { strategy: "direct", rule: "learnt", wanted: "canary" },
    ],
    [
      "direct where a canary was learnt and no engine is there",
      { risk: risk(0.5), engine: Option.none() },
      { strategy: "direct", rule: "learnt", wanted: "canary" },
    ],
  ])("is %s", (_, fields, expected) => {
    const { warning, ...found } = chosen(fields);
    assert.deepInclude(found, expected);
    // Whoever gets something else than was wanted is told so, and no one else.
    assert.strictEqual(warning !== undefined, expected.wanted !== undefined);
  });

  it("says by which figures it was made", () => {
    assert.strictEqual(
      chosen({ risk: risk(0.3249) }).why,
      "the risk of 0.32 is over the threshold of 0.15 (the default), first of all because: 3 of the last 8 failed",
    );
    assert.strictEqual(
      chosen({ risk: risk(0.1500001) }).why,
      "the risk of 0.1500001 is over the threshold of 0.15 (the default), first of all because: 3 of the last 8 failed",
    );
    assert.strictEqual(
      chosen({ risk: risk(0.04), policy: policy({ namespaces: { shop: { threshold: 0.1 } } }) })
        .why,
      "no strategy was asked for or set by the policy, and the risk of 0.04 is not over the threshold of 0.1 (policy.namespaces.shop.threshold)",
    );
    assert.strictEqual(
      chosen({ policy: policy({ namespaces: { shop: { strategy: "canary" } } }) }).why,
      "the policy says canary (policy.namespaces.shop.strategy)",
    );
  });

  it("names what to install where a learnt canary can't be done", () => {
    const { warning } = chosen({ risk: risk(0.5), engine: Option.none() });
    assert.match(warning ?? "", /risk of 0\.5.*Argo Rollouts/);
  });

  it.each<[string, Partial<Choice.Question>, RegExp]>([
    ["asked for", { asked: "canary" }, /canary was asked for/],
    ["set by the policy", { policy: policy({ strategy: "blue_green" }) }, /policy\.strategy/],
  ])("is refused where what was %s needs an engine", (_, fields, why) => {
    const refused = refusal({ ...fields, engine: Option.none(), isFirst: true });
    assert.strictEqual(refused._tag === "Refused" && refused.reason, "engine_unavailable");
    assert.match(refused.message, why);
  });

  it("is refused in a freeze window, which is named with its zone and its end", () => {
    const refused = refusal({ policy: frozen, asked: "canary", engine: Option.none() });
    assert.strictEqual(refused._tag, "FreezeWindow");
    assert.strictEqual(
      refused.message,
      'web in shop is not deployed now: the freeze window "weekend" (policy.freeze[0]) is open until 2026-07-06 06:00 Europe/Berlin (2026-07-06T04:00:00.000Z)',
    );
    assert.include(refused.advice, "--override-freeze");
  });

  it("is made in one that is overridden, and names it", () => {
    const found = chosen({ policy: frozen, overrideFreeze: true });
    assert.strictEqual(found.freeze?.path, "policy.freeze[0]");
    assert.match(
      Choice.warnings(found, { kind: "ci", name: "pipeline" }).join("\n"),
      /"weekend".*overridden by pipeline/,
    );
    assert.isUndefined(chosen({ overrideFreeze: true }).freeze);
  });

  it("goes freeze, asked, policy, learnt, direct, whatever the rest is", () => {
    const strategies = FastCheck.constantFrom(...Strategy.Strategy.literals);
    const questions = FastCheck.record({
      isFrozen: FastCheck.boolean(),
      overrideFreeze: FastCheck.boolean(),
      asked: FastCheck.option(strategies, { nil: undefined }),
      ruled: FastCheck.option(strategies, { nil: undefined }),
      threshold: FastCheck.option(FastCheck.double({ min: 0, max: 1, noNaN: true }), {
        nil: undefined,
      }),
      probability: FastCheck.option(FastCheck.double({ min: 0, max: 1, noNaN: true }), {
        nil: undefined,
      }),
      hasEngine: FastCheck.boolean(),
      canRoll: FastCheck.boolean(),
      isFirst: FastCheck.boolean(),
    });
    FastCheck.assert(
      FastCheck.property(questions, (one) => {
        const answer = Choice.choose({
          asked: one.asked,
          policy: {
            ...(one.isFrozen ? frozen : {}),
            ...(one.ruled === undefined ? {} : { strategy: one.ruled }),
            ...(one.threshold === undefined ? {} : { threshold: one.threshold }),
          },
          ref,
          now,
          overrideFreeze: one.overrideFreeze,
          risk: one.probability === undefined ? undefined : risk(one.probability),
          engine: one.hasEngine ? Option.some("argo-rollouts") : Option.none(),
          canRoll: one.canRoll,
          isFirst: one.isFirst,
        });
        const isLearnt = (one.probability ?? 0) > (one.threshold ?? Choice.defaultThreshold);
        const wanted = one.asked ?? one.ruled ?? (isLearnt ? "canary" : "direct");
        const rule = one.asked
          ? "asked"
          : one.ruled
            ? "policy"
            : wanted === "direct"
              ? "default"
              : "learnt";
        if (Either.isLeft(answer)) {
          const expected =
            one.isFrozen && !one.overrideFreeze
              ? "FreezeWindow"
              : wanted !== "direct" && !one.hasEngine && rule !== "learnt"
                ? "Refused"
                : undefined;
          return assert.strictEqual(answer.left._tag, expected);
        }
        const { right } = answer;
        assert.isTrue(!one.isFrozen || one.overrideFreeze);
        assert.strictEqual(right.freeze !== undefined, one.isFrozen);
        assert.strictEqual(right.rule, rule);
        assert.strictEqual(right.wanted ?? right.strategy, wanted);
        const isPossible = one.hasEngine && one.canRoll && !one.isFirst;
        assert.strictEqual(right.strategy, isPossible ? wanted : "direct");
        assert.isTrue(one.hasEngine || rule === "learnt" || wanted === "direct");
      }),
      { numRuns: 2_000 },
    );
  });
});
