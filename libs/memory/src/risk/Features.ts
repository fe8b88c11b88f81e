/**
 * A situation as numbers: how far the failure rate of each of its attributes lies from its
 * parent's, in log-odds. Rates are shrunk to the parent's by some pseudo-outcomes, so that what
 * was seen once says little and what was never seen says nothing.
 *
 * Each attribute gives two numbers: over years against its parent, and of late (six weeks)
 * against its own years. Half-lives come from replays of real deploy histories, in which a factor
 * of two either way made little difference.
 */
import type * as Prior from "./Prior.js";
import type { ChangeFacts } from "../Lesson.js";
import * as Rates from "./Rates.js";
import { type Situation, type Words, wordsOf } from "./Situation.js";

/** What an attribute is about: a driver's name. */
export type Topic =
  "base" | "service" | "namespace" | "change" | "size" | "who" | "direction" | "pace" | "together";

interface Attribute {
  readonly name: string;
  readonly topic: Topic;
  /** Its rate is shrunk to this one's; to the cluster's where there is none. */
  readonly parent?: "namespace" | "service";
  /** The words that tell its rates apart. */
  readonly of: ReadonlyArray<keyof Words>;
}

/** In this order: a parent before what refers to it. */
const attributes: ReadonlyArray<Attribute> = [
  { name: "namespace", topic: "namespace", of: ["namespace"] },
  { name: "service", topic: "service", parent: "namespace", of: ["service"] },
  { name: "who", topic: "who", of: ["who"] },
  { name: "direction", topic: "direction", of: ["direction"] },
  { name: "lines", topic: "size", of: ["lines"] },
  { name: "objects", topic: "size", of: ["objects"] },
  { name: "together", topic: "together", of: ["together"] },
  { name: "gap", topic: "pace", of: ["gap"] },
  { name: "last", topic: "service", of: ["last"] },
  { name: "change", topic: "change", of: ["kind", "semver"] },
  { name: "who-change", topic: "change", of: ["who", "kind", "semver"] },
  { name: "who-direction", topic: "direction", of: ["direction", "who", "kind"] },
  {
    name: "namespace-change",
    topic: "namespace",
    parent: "namespace",
    of: ["kind", "who", "namespace"],
  },
  { name: "service-kind", topic: "service", parent: "service", of: ["kind", "service"] },
  { name: "service-who", topic: "service", parent: "service", of: ["who", "service"] },
  { name: "service-gap", topic: "service", parent: "service", of: ["pace", "service"] },
];

/** Rate of a cluster that nothing is known of, and how many outcomes that belief is worth. */
const BASE_RATE = 0.04;
const BASE_OUTCOMES = 25;

/**
 * How many outcomes the belief is worth that a rate is its parent's. Over years, as many as tell
 * log-odds to a standard deviation of `SPREAD`: services and kinds of change are believed to lie
 * equally far apart at 8 % (14 outcomes) and at 4 % (25). But no more than that, as next to no
 * failures elsewhere are no reason to make light of one here. Of late, a fixed number.
 */
const SPREAD = 1;
const outcomesAt = (rate: number): number =>
  Math.min(BASE_OUTCOMES, 1 / (SPREAD * SPREAD * rate * (1 - rate)));
const OUTCOMES_OF_LATE = 15;

const clusterFeatures = ["intercept", "cluster", "cluster-180d", "cluster-30d", "cluster-7d"];

/** In the order of the numbers of `featuresOf`, and of the weights of a model. */
export const features: ReadonlyArray<{ readonly name: string; readonly topic: Topic }> = [
  ...clusterFeatures.map((name) => ({ name, topic: "base" as const })),
  ...attributes.flatMap(({ name, topic }) => [
    { name, topic },
    { name: `${name}-of-late`, topic },
  ]),
];

const keyOf = ({ name, of }: Attribute, words: Words): string | undefined => {
  let key = name;
  for (let i = 0; i < of.length; i++) {
    const word = words[of[i] as keyof Words];
    if (word === undefined) return undefined;
    key += ":" + word;
  }
  return key;
};

/** By attribute, what its rate is kept under; undefined where a fact is missing. */
export type Slots = ReadonlyArray<string | undefined>;

export const slotsOf = (situation: Situation): Slots => {
  const words = wordsOf(situation);
  return attributes.map((attribute) => keyOf(attribute, words));
};

/** Under which the outcomes of such changes are counted. */
export const changeKey = ({ kind, semver }: ChangeFacts): string => `change:${kind}:${semver}`;

/** Every key that the features of this situation read, and that its outcome is added to. */
export const keysOf = (
  situation: Situation,
  slots: Slots = slotsOf(situation),
): ReadonlyArray<string> => {
  const keys = [Rates.CLUSTER, Rates.CLUSTER_MONTH];
  for (const key of slots) if (key !== undefined) keys.push(key);
  return keys;
};

/** Keys that mean the same in every cluster: their names are words, not services or namespaces. */
export const isGeneral = (key: string): boolean => !/^(cluster|namespace|service)/.test(key);

export const logit = (p: number): number => Math.log(p / (1 - p));

/**
 * A rate (`f` of `n`), pulled by some pseudo-outcomes to its parent's. What it says beyond its
 * parent rests on the outcomes that it doesn't share with all of the parent's: a cluster's first
 * service is no riskier than the cluster, whatever happened.
 */
const shrunk = (
  n: number,
  f: number,
  parentN: number,
  parentRate: number,
  outcomes: number,
): number => {
  if (n >= parentN) return parentRate;
  const own = 1 - n / parentN;
  return (f * own + outcomes * parentRate) / (n * own + outcomes);
};

/** A failure rate, and how many outcomes it rests on. */
interface Level {
  readonly n: number;
  readonly rate: number;
  readonly logOdds: number;
}

const levelOf = (n: number, rate: number): Level => ({ n, rate, logOdds: logit(rate) });

/** The level of late, by what it is over a longer time. */
const faster = ({ n, f }: Rates.Counts, slower: Level): Level =>
  levelOf(n, shrunk(n, f, slower.n, slower.rate, OUTCOMES_OF_LATE));

/** As many numbers as there are features, to be copied: an array of doubles, where zeros alone make one of integers. */
const blank = features.map(() => 0.5).fill(0);

/**
 * The numbers, in log-odds; the first is always 1. 0 where a fact is missing; where outcomes are,
 * what the prior says of such a key. Written without an object for each attribute: ledgers bring
 * thousands of lessons, and this is most of learning one.
 */
export const featuresOf = (
  situation: Situation,
  rates: Rates.Rates,
  offsets: Prior.Offsets,
  slots: Slots = slotsOf(situation),
): ReadonlyArray<number> => {
  const { at } = situation;
  const slow = rates(Rates.CLUSTER);
  const quick = rates(Rates.CLUSTER_MONTH);
  const years = Rates.longAt(slow, Rates.CLUSTER, at);
  const cluster = levelOf(
    years.n,
    (years.f + BASE_OUTCOMES * BASE_RATE) / (years.n + BASE_OUTCOMES),
  );
  const halfYear = faster(Rates.shortAt(slow, Rates.CLUSTER, at), cluster);
  const month = faster(Rates.longAt(quick, Rates.CLUSTER_MONTH, at), halfYear);
  const week = faster(Rates.shortAt(quick, Rates.CLUSTER_MONTH, at), month);
  const numbers = blank.slice();
  numbers[0] = 1;
  numbers[1] = cluster.logOdds;
  numbers[2] = halfYear.logOdds - cluster.logOdds;
  numbers[3] = month.logOdds - halfYear.logOdds;
  numbers[4] = week.logOdds - month.logOdds;

  let namespace = cluster;
  let service = cluster;
  for (let i = 0; i < attributes.length; i++) {
    const { name, parent } = attributes[i] as Attribute;
    const key = slots[i];
    if (key === undefined) continue;
    const above = parent === undefined ? cluster : parent === "namespace" ? namespace : service;
    const offset = offsets[key] ?? 0;
    // As long as nothing was counted: the parent's rate, as far off as the prior says.
    let n = 0;
    let odds = above.logOdds + offset;
    let own = offset === 0 ? above.rate : 1 / (1 + Math.exp(-odds));
    let late = odds;
    const rate = rates(key);
    if (rate !== undefined) {
      const years = Rates.keptLong(rate, key, at);
      n = Rates.leftOf(rate.longN, years);
      const f = Rates.failedOf(rate.longF, years, n);
      own = shrunk(n, f, above.n, own, outcomesAt(own));
      odds = logit(own);
      const weeks = Rates.keptShort(rate, key, at);
      const ofLate = Rates.leftOf(rate.shortN, weeks);
      const failedOfLate = Rates.failedOf(rate.shortF, weeks, ofLate);
      late = logit(shrunk(ofLate, failedOfLate, n, own, OUTCOMES_OF_LATE));
    }
    const place = clusterFeatures.length + 2 * i;
    numbers[place] = odds - above.logOdds;
    numbers[place + 1] = late - odds;
    if (name === "namespace") namespace = { n, rate: own, logOdds: odds };
    if (name === "service") service = { n, rate: own, logOdds: odds };
  }
  return numbers;
};
