/**
 * The learner: a logistic model over the features, one Bayesian step an outcome. Each weight is
 * believed in with a variance of its own, which shrinks as it is used; a step costs a few hundred
 * multiply-adds whatever was seen before. All of it is additive in log-odds, so that the parts of
 * an assessment add up to it.
 */
import type * as Pairs from "../pairs/Pairs.js";
import { features, featuresOf, logit, type Slots, slotsOf, type Topic } from "./Features.js";
import * as Prior from "./Prior.js";
import type { Rates } from "./Rates.js";
import type { Situation } from "./Situation.js";

/** Plain JSON, in the order of `Features.features`. */
export interface Model {
  readonly weights: ReadonlyArray<number>;
  readonly variances: ReadonlyArray<number>;
}

/** A model stored under another version learnt from other features, or otherwise: it is learnt anew. */
export const version = 3;

export interface Part {
  readonly name: string;
  readonly topic: Topic | "pattern";
  readonly logOdds: number;
}

export interface Assessment {
  readonly probability: number;
  /** The same without what is known of pairs of services. */
  readonly alone: number;
  /** Their `logOdds` add up to `logit(probability)`. */
  readonly parts: ReadonlyArray<Part>;
}

/** Of a weight whose prior says nothing of it: what a history of some thousand deploys may move. */
const PRIOR_VARIANCE = 0.01;

/** Nothing is certain: beyond these odds no assessment goes. */
const LIMIT = logit(0.9999);

/** A model that knows the prior and nothing else. */
export const believing = ({ weights, variances }: Prior.Prior): Model => ({
  weights: features.map(({ name }) => weights[name] ?? 0),
  variances: features.map(({ name }) => variances[name] ?? PRIOR_VARIANCE),
});

export const initial: Model = believing(Prior.shipped);

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const dot = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
};

/** Doubt in the weights pulls the odds towards even: the mean of a logistic under a normal. */
const scaleOf = ({ variances }: Model, x: ReadonlyArray<number>): number => {
  let variance = 0;
  for (let i = 0; i < x.length; i++)
    variance += (variances[i] as number) * (x[i] as number) * (x[i] as number);
  return 1 / Math.sqrt(1 + (Math.PI * variance) / 8);
};

/** Log-odds without what is known of pairs, and with it. */
const oddsOf = (
  model: Model,
  x: ReadonlyArray<number>,
  pairs: ReadonlyArray<Pairs.Part>,
): { readonly scale: number; readonly alone: number; readonly sum: number } => {
  const scale = scaleOf(model, x);
  const alone = scale * dot(model.weights, x);
  return { scale, alone, sum: Math.max(-LIMIT, Math.min(LIMIT, alone + added(pairs))) };
};

const added = (pairs: ReadonlyArray<Pairs.Part>): number =>
  pairs.reduce((sum, { logOdds }) => sum + logOdds, 0);

export const assess = (
  model: Model,
  situation: Situation,
  rates: Rates,
  pairs: ReadonlyArray<Pairs.Part>,
  prior: Prior.Prior = Prior.shipped,
  slots: Slots = slotsOf(situation),
): Assessment => {
  const x = featuresOf(situation, rates, prior.offsets, slots);
  const { scale, alone, sum } = oddsOf(model, x, pairs);
  const parts: Array<Part> = features.map(({ name, topic }, i) => ({
    name,
    topic,
    logOdds: scale * (model.weights[i] as number) * (x[i] as number),
  }));
  for (const { service, logOdds } of pairs)
    parts.push({ name: service, topic: "pattern", logOdds });
  const limit = sum - alone - added(pairs);
  if (limit !== 0) parts.push({ name: "limit", topic: "base", logOdds: limit });
  return { probability: sigmoid(sum), alone: sigmoid(alone), parts };
};

const INTERCEPT = 0;

/**
 * The model after one more outcome, and what it had given the deploy. No weight but the intercept
 * falls below 0: a rate that is higher never speaks for less risk, so that a success can't raise it
 * (and replays were the better for it). To be called when the outcome is known, with the features
 * `x` of the deploy's beginning, by the rates as they are before the outcome is added to them.
 */
export const reveal = (
  model: Model,
  x: ReadonlyArray<number>,
  pairs: ReadonlyArray<Pairs.Part>,
  failed: boolean,
  weight: number,
): { readonly model: Model } & Pick<Assessment, "probability" | "alone"> => {
  const { alone, sum } = oddsOf(model, x, pairs);
  const p = sigmoid(dot(model.weights, x) + added(pairs));
  const error = weight * ((failed ? 1 : 0) - p);
  const certainty = weight * p * (1 - p);
  const variances = model.variances.map((v, i) => {
    const xi = x[i] as number;
    return xi === 0 ? v : 1 / (1 / v + certainty * xi * xi);
  });
  const weights = model.weights.map((w, i) => {
    const moved = w + (variances[i] as number) * (x[i] as number) * error;
    return i === INTERCEPT ? moved : Math.max(0, moved);
  });
  return { model: { weights, variances }, probability: sigmoid(sum), alone: sigmoid(alone) };
};

/** The model alone, by the deploy's situation: see `reveal`. */
export const learn = (
  model: Model,
  situation: Situation,
  rates: Rates,
  pairs: ReadonlyArray<Pairs.Part>,
  failed: boolean,
  weight: number,
  prior: Prior.Prior = Prior.shipped,
): Model => reveal(model, featuresOf(situation, rates, prior.offsets), pairs, failed, weight).model;
