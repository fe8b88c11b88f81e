/**
 * "B fails when A was deployed within the hour before": what stands, after correction for how many
 * pairs were looked at, and what it adds to B's score.
 *
 * Failures of B with A before are compared with B's other failures, both against what the model
 * expected without pairs, so that B's level, the size of its changes and the hour cancel.
 */

/** Deploys of one service, with another before or all of them: plain sums, or faded alike. */
export interface Counts {
  readonly n: number;
  readonly f: number;
  /** The sum of the probabilities (`Assessment.alone`) that the model gave them. */
  readonly e: number;
}

export interface Pair {
  /** B's deploys with A before. */
  readonly both: Counts;
  /** All of B's. */
  readonly all: Counts;
  /** B's deploys with A before that went well since the last one that failed. */
  readonly wellSince: number;
}

/** A pair's part of the score. */
export interface Part {
  /** The service that was deployed before. */
  readonly service: string;
  readonly logOdds: number;
}

/** With fewer deploys a pair isn't tested: a rule that knows nothing of how they ended. */
export const TESTED_FROM = 10;
/** Expected share of false ones among the pairs that are said to stand (Benjamini and Hochberg 1995). */
export const FALSE_SHARE = 0.02;
/** A pattern is dropped after a run of deploys that went well, where it made one that long so unlikely. */
const RUN_CHANCE = 0.005;

export const isTested = ({ both }: Pair): boolean => both.n >= TESTED_FROM;

/** What B failed otherwise, as a multiple of what the model expected; pulled towards 1. */
const levelOf = ({ both, all }: Pair): number => {
  const [failed, expected] = [Math.max(0, all.f - both.f), Math.max(0, all.e - both.e)];
  return (failed + 1) / (expected + 1);
};

/**
 * How likely at least so many of B's failures fall on its deploys with A before, were A no matter:
 * binomial given B's failures, the share being what the model expected of those deploys.
 */
export const chanceOf = ({ both, all }: Pair): number => {
  const [f, total] = [Math.round(both.f), Math.round(all.f)];
  if (f <= 0 || both.e <= 0 || both.e >= all.e) return 1;
  const share = both.e / all.e;
  let term = Math.pow(1 - share, total);
  let below = 0;
  for (let k = 0; k < f; k++) {
    below += term;
    term *= ((total - k) / (k + 1)) * (share / (1 - share));
  }
  // The upper tail itself where it is small: one minus nearly one would have no digits left.
  if (below < 0.9) return 1 - below;
  let tail = 0;
  for (let k = f; k <= total && term > 0; k++) {
    tail += term;
    term *= ((total - k) / (k + 1)) * (share / (1 - share));
  }
  return tail;
};

/**
 * The largest chance at which a pair still stands, of so many tested ones: Benjamini and
 * Hochberg's rule. Chances over `FALSE_SHARE` need not be given. 0 where none stands.
 */
export const cutoffOf = (chances: ReadonlyArray<number>, tested: number): number => {
  let cutoff = 0;
  [...chances]
    .sort((a, b) => a - b)
    .forEach((chance, i) => {
      if (chance <= (FALSE_SHARE * (i + 1)) / tested) cutoff = chance;
    });
  return cutoff;
};

/** It held once, and what came since would be very unlikely if it still did. */
export const hasStopped = ({ both, wellSince }: Pair): boolean => {
  const before = both.n - wellSince;
  return Math.pow(1 - both.f / (before + 1), wellSince) < RUN_CHANCE;
};

/** How probable it is, before anything was seen, that a service's deploy makes another's fail. */
const SPIKE = 0.99;
/** And by how much then, in log-odds: each alike. */
const SLAB = [1, 2, 3, 4, 5];
const CAP = 4;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const logit = (p: number): number => Math.log(p / (1 - p));

/**
 * What A before adds to the log-odds of B's failing: spike (nothing) and slab (some lift), each
 * weighed by how well it explains what was seen; never below 0, never over `CAP`.
 */
export const logOddsOf = (pair: Pair): number => {
  const { n, f, e } = pair.both;
  if (f <= 0 || n <= 0 || e <= 0 || hasStopped(pair)) return 0;
  const usual = Math.min(0.9, (e / n) * levelOf(pair));
  const likelihoods = SLAB.map((lift) => {
    const p = sigmoid(logit(usual) + lift);
    return f * Math.log(p / usual) + (n - f) * Math.log((1 - p) / (1 - usual));
  });
  const largest = Math.max(0, ...likelihoods);
  const spike = SPIKE * Math.exp(-largest);
  const slab = likelihoods.map((each) => ((1 - SPIKE) / SLAB.length) * Math.exp(each - largest));
  const all = slab.reduce((sum, each) => sum + each, spike);
  const p = SLAB.reduce(
    (sum, lift, i) => sum + ((slab[i] as number) / all) * sigmoid(logit(usual) + lift),
    (spike / all) * usual,
  );
  return Math.min(CAP, Math.max(0, logit(p) - logit(usual)));
};

/** Of the services deployed before, only the one that says most is heard: they often come together. */
export const strongest = (parts: ReadonlyArray<Part>): ReadonlyArray<Part> => {
  const heard = parts.filter(({ logOdds }) => logOdds > 0);
  return heard.length === 0
    ? []
    : [heard.reduce((most, each) => (each.logOdds > most.logOdds ? each : most))];
};
