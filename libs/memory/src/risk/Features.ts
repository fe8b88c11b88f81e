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
  readonly of: (words: Words) => ReadonlyArray<string | undefined>;
}

/** In this order: a parent before what refers to it. */
const attributes: ReadonlyArray<Attribute> = [
  { name: "namespace", topic: "namespace", of: (w) => [w.namespace] },
  { name: "service", topic: "service", parent: "namespace", of: (w) => [w.service] },
  { name: "who", topic: "who", of: (w) => [w.who] },
  { name: "direction", topic: "direction", of: (w) => [w.direction] },
  { name: "lines", topic: "size", of: (w) => [w.lines] },
  { name: "objects", topic: "size", of: (w) => [w.objects] },
  { name: "together", topic: "together", of: (w) => [w.together] },
  { name: "gap", topic: "pace", of: (w) => [w.gap] },
  { name: "last", topic: "service", of: (w) => [w.last] },
  { name: "change", topic: "change", of: (w) => [w.kind, w.semver] },
  { name: "who-change", topic: "change", of: (w) => [w.who, w.kind, w.semver] },
  { name: "who-direction", topic: "direction", of: (w) => [w.direction, w.who, w.kind] },
  {
    name: "namespace-change",
    topic: "namespace",
    parent: "namespace",
    of: (w) => [w.kind, w.who, w.namespace],
  },
  { name: "service-kind", topic: "service", parent: "service", of: (w) => [w.kind, w.service] },
  { name: "service-who", topic: "service", parent: "service", of: (w) => [w.who, w.service] },
  { name: "service-gap", topic: "service", parent: "service", of: (w) => [w.pace, w.service] },
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
  for (const part of of(words)) {
    if (part === undefined) return undefined;
    key += `:${part}`;
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
 * A rate, pulled by some pseudo-outcomes to its parent's. What it says beyond its parent rests on
 * the outcomes that it doesn't share with all of the parent's: a cluster's first service is no
 * riskier than the cluster, whatever happened.
 */
const shrunk = (
  { n, f }: Rates.Counts,
  parent: { readonly n: number; readonly rate: number },
  outcomes: number,
): number => {
  if (n >= parent.n) return parent.rate;
  const own = 1 - n / parent.n;
  return (f * own + outcomes * parent.rate) / (n * own + outcomes);
};

/** A failure rate, and how many outcomes it rests on. */
interface Level {
  readonly n: number;
  readonly rate: number;
  readonly logOdds: number;
}

const levelOf = (n: number, rate: number): Level => ({ n, rate, logOdds: logit(rate) });

/** Nothing was counted: the parent's rate, as far off as the prior says. */
const supposed = (parent: Level, offset: number): Level =>
  offset === 0
    ? { n: 0, rate: parent.rate, logOdds: parent.logOdds }
    : levelOf(0, 1 / (1 + Math.exp(-parent.logOdds - offset)));

/**
 * The numbers, in log-odds; the first is always 1. 0 where a fact is missing; where outcomes are,
 * what the prior says of such a key.
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
  const numbers = [1, cluster.logOdds];
  let slower = cluster;
  for (const counts of [
    Rates.shortAt(slow, Rates.CLUSTER, at),
    Rates.longAt(quick, Rates.CLUSTER_MONTH, at),
    Rates.shortAt(quick, Rates.CLUSTER_MONTH, at),
  ]) {
    const faster = levelOf(counts.n, shrunk(counts, slower, OUTCOMES_OF_LATE));
    numbers.push(faster.logOdds - slower.logOdds);
    slower = faster;
  }

  const parents = { namespace: cluster, service: cluster };
  for (let i = 0; i < attributes.length; i++) {
    const { name, parent } = attributes[i] as Attribute;
    const key = slots[i];
    if (key === undefined) {
      numbers.push(0, 0);
      continue;
    }
    const above = parent === undefined ? cluster : parents[parent];
    const rate = rates(key);
    let own = supposed(above, offsets[key] ?? 0);
    let late = own.logOdds;
    if (rate !== undefined) {
      const counts = Rates.longAt(rate, key, at);
      const parent = { n: above.n, rate: own.rate };
      own = levelOf(counts.n, shrunk(counts, parent, outcomesAt(own.rate)));
      late = logit(shrunk(Rates.shortAt(rate, key, at), own, OUTCOMES_OF_LATE));
    }
    numbers.push(own.logOdds - above.logOdds, late - own.logOdds);
    if (name === "namespace" || name === "service") parents[name] = own;
  }
  return numbers;
};
