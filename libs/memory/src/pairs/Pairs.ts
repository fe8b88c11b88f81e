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
  /** How many of them the model expected to fail without the pair: the sum of `expectedWithout`. */
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
export const FALSE_SHARE = 0.04;
/** A pattern is dropped after a run of deploys that went well, where it made one that long so unlikely. */
const RUN_CHANCE = 0.0005;

export const isTested = ({ both }: Pair): boolean => both.n >= TESTED_FROM;

/**
 * How far the model may be wrong about a service's level: a gamma prior of mean 1 on the factor
 * between what it expects and what is, worth so many failures. B's other deploys speak for the rest.
 */
const LEVEL_FAILURES = 4;

/** The factor's posterior by B's other deploys: gamma of this shape and rate. */
const levelOf = ({ both, all }: Pair) => ({
  shape: LEVEL_FAILURES + Math.max(0, all.f - both.f),
  rate: LEVEL_FAILURES + Math.max(0, all.e - both.e),
});

/**
 * How likely at least so many failures of B with A before are, were A no matter: Poisson about what
 * the model expected of them, times B's level, which its other deploys tell (so: negative binomial).
 * With no trust in the model at all it is the binomial test given B's failures. Exactly so many
 * count half (the mid-p value), as counts so small have no finer steps.
 */
export const chanceOf = (pair: Pair): number => {
  const { f, e } = pair.both;
  if (f <= 0 || e <= 0) return 1;
  const { shape, rate } = levelOf(pair);
  const odds = e / (e + rate);
  let term = Math.pow(1 - odds, shape);
  for (let k = 0; k < Math.round(f); k++) term *= (odds * (shape + k)) / (k + 1);
  let tail = term / 2;
  for (let k = Math.round(f); term > tail * 1e-9; k++) {
    term *= (odds * (shape + k)) / (k + 1);
    tail += term;
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

/**
 * Failures of one incident are no independent witnesses, and an incident's deploys are often three
 * or four within the hour: nothing is added before so many. On real histories what was heard
 * sooner cost more than it told, on generated ones waiting costs next to nothing.
 */
const HEARD_FROM = 5;
/** How probable it is, before anything was seen, that another's deploy is no matter. */
const SPIKE = 0.95;
/** And what it adds if it is one, in log-odds: each alike; and the same as factors of the odds. */
const SLAB = [1, 2, 3, 4, 5];
const SLAB_ODDS = SLAB.map(Math.exp);
const CAP = 4;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const logit = (p: number): number => Math.log(p / (1 - p));

/**
 * What A before adds to the log-odds of B's failing: spike (nothing) and slab (some lift), each
 * weighed by how well it explains what was seen; never below 0, never over `CAP`.
 *
 * A lift turns a failure's probability `usual` into `usual * odds / spread`, and a success's into
 * `(1 - usual) / spread`: so f failures of n are `lift * f - n * log(spread)` likelier, as a log.
 */
export const logOddsOf = (pair: Pair): number => {
  const { n, f, e } = pair.both;
  if (f <= 0 || n < HEARD_FROM || e <= 0 || hasStopped(pair)) return 0;
  const { shape, rate } = levelOf(pair);
  const usual = Math.min(0.9, (e / n) * (shape / rate));
  // All of them in proportion to the likeliest: a likelihood itself may be beyond a double.
  let likeliest = 0;
  let all = SPIKE;
  let failing = SPIKE * usual;
  for (let i = 0; i < SLAB.length; i++) {
    const odds = SLAB_ODDS[i] as number;
    const spread = 1 - usual + usual * odds;
    const likelier = (SLAB[i] as number) * f - n * Math.log(spread);
    if (likelier > likeliest) {
      all *= Math.exp(likeliest - likelier);
      failing *= Math.exp(likeliest - likelier);
      likeliest = likelier;
    }
    const part = ((1 - SPIKE) / SLAB.length) * Math.exp(likelier - likeliest);
    all += part;
    failing += (part * usual * odds) / spread;
  }
  return Math.min(CAP, Math.max(0, logit(failing / all) - logit(usual)));
};

/** Of the services deployed before, only the one that says most is heard: they often come together. */
export const strongest = (parts: ReadonlyArray<Part>): ReadonlyArray<Part> =>
  loudest(parts).slice(0, 1);

const nobody: ReadonlyArray<Part> = [];

/** That one, and the next: with these `expectedWithout` answers for any service as with all. */
export const loudest = (parts: ReadonlyArray<Part>): ReadonlyArray<Part> => {
  let first: Part | undefined;
  let second: Part | undefined;
  for (const part of parts) {
    if (part.logOdds <= 0) continue;
    if (first === undefined || part.logOdds > first.logOdds) {
      second = first;
      first = part;
    } else if (second === undefined || part.logOdds > second.logOdds) second = part;
  }
  if (first === undefined) return nobody;
  return second === undefined ? [first] : [first, second];
};

/** How probable a failure was with all that is known but for the one pair: what goes into its `e`. */
export const expectedWithout = (
  service: string,
  alone: number,
  parts: ReadonlyArray<Part>,
): number => {
  let most = 0;
  for (const part of parts)
    if (part.service !== service && part.logOdds > most) most = part.logOdds;
  return most === 0 ? alone : sigmoid(logit(alone) + most);
};

/**
 * How much of a failure counts against the service itself, where a pair explains it too: how
 * probable it was without the pair (`Assessment.alone`), of how probable it was.
 */
export const blameOf = (alone: number, probability: number): number =>
  Math.min(1, alone / probability);
