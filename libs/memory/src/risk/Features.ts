/**
 * A situation as numbers: how far the failure rate of each of its attributes lies from its
 * parent's, in log-odds. Rates are shrunk to the parent's by some pseudo-outcomes, so that what
 * was seen once says little and what was never seen says nothing.
 *
 * Each attribute gives two numbers: over years against its parent, and of late (two months)
 * against its own years. Half-lives and pseudo-counts come from replays of real deploy histories,
 * in which a factor of two either way made little difference.
 */
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
  { name: "kind", topic: "change", of: (w) => [w.kind] },
  { name: "semver", topic: "change", of: (w) => [w.semver] },
  { name: "who", topic: "who", of: (w) => [w.who] },
  { name: "direction", topic: "direction", of: (w) => [w.direction] },
  { name: "lines", topic: "size", of: (w) => [w.lines] },
  { name: "objects", topic: "size", of: (w) => [w.objects] },
  { name: "together", topic: "together", of: (w) => [w.together] },
  { name: "gap", topic: "pace", of: (w) => [w.gap] },
  { name: "last", topic: "service", of: (w) => [w.lastTwo] },
  { name: "who-change", topic: "change", of: (w) => [w.who, w.kind, w.semver] },
  { name: "who-gap", topic: "pace", of: (w) => [w.who, w.gap] },
  { name: "who-lines", topic: "size", of: (w) => [w.kind, w.lines, w.who] },
  { name: "who-direction", topic: "direction", of: (w) => [w.direction, w.who, w.kind] },
  { name: "lines-together", topic: "together", of: (w) => [w.lines, w.together] },
  { name: "last-gap", topic: "pace", of: (w) => [w.last, w.gap] },
  {
    name: "namespace-change",
    topic: "namespace",
    parent: "namespace",
    of: (w) => [w.kind, w.who, w.namespace],
  },
  { name: "service-kind", topic: "service", parent: "service", of: (w) => [w.kind, w.service] },
  { name: "service-who", topic: "service", parent: "service", of: (w) => [w.who, w.service] },
  { name: "service-semver", topic: "service", parent: "service", of: (w) => [w.semver, w.service] },
  { name: "service-gap", topic: "service", parent: "service", of: (w) => [w.pace, w.service] },
];

/** Rate of a cluster that nothing is known of, and how many outcomes that belief is worth. */
const BASE_RATE = 0.06;
const BASE_OUTCOMES = 20;
const OUTCOMES = 15;
const OUTCOMES_OF_SERVICE = 5;

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
  const parts = of(words);
  return parts.includes(undefined) ? undefined : `${name}:${parts.join(":")}`;
};

/** Every key that the features of this situation read, and that its outcome is added to. */
export const keysOf = (situation: Situation): ReadonlyArray<string> => {
  const words = wordsOf(situation);
  const keys = [Rates.CLUSTER, Rates.CLUSTER_MONTH];
  for (const attribute of attributes) {
    const key = keyOf(attribute, words);
    if (key !== undefined) keys.push(key);
  }
  return keys;
};

export const logit = (p: number): number => Math.log(p / (1 - p));

const shrunk = ({ n, f }: Rates.Counts, parent: number, outcomes: number): number =>
  (f + outcomes * parent) / (n + outcomes);

/** The numbers, in log-odds; 0 where a fact or an outcome is missing. The first is always 1. */
export const featuresOf = (situation: Situation, rates: Rates.Rates): ReadonlyArray<number> => {
  const { at } = situation;
  const words = wordsOf(situation);
  const [slow, quick] = [rates(Rates.CLUSTER), rates(Rates.CLUSTER_MONTH)];
  const cluster = shrunk(Rates.longAt(slow, Rates.CLUSTER, at), BASE_RATE, BASE_OUTCOMES);
  const numbers = [1, logit(cluster)];
  let faster = cluster;
  for (const counts of [
    Rates.shortAt(slow, Rates.CLUSTER, at),
    Rates.longAt(quick, Rates.CLUSTER_MONTH, at),
    Rates.shortAt(quick, Rates.CLUSTER_MONTH, at),
  ]) {
    const slower = faster;
    faster = shrunk(counts, slower, OUTCOMES);
    numbers.push(logit(faster) - logit(slower));
  }

  const parents = { namespace: cluster, service: cluster };
  for (const attribute of attributes) {
    const { name, parent } = attribute;
    const above = parent === undefined ? cluster : parents[parent];
    const key = keyOf(attribute, words);
    const rate = key === undefined ? undefined : rates(key);
    if (key === undefined || rate === undefined) {
      numbers.push(0, 0);
      if (name === "namespace" || name === "service") parents[name] = above;
      continue;
    }
    const outcomes = name.startsWith("service") ? OUTCOMES_OF_SERVICE : OUTCOMES;
    const years = shrunk(Rates.longAt(rate, key, at), above, outcomes);
    const late = shrunk(Rates.shortAt(rate, key, at), years, outcomes);
    numbers.push(logit(years) - logit(above), logit(late) - logit(years));
    if (name === "namespace" || name === "service") parents[name] = years;
  }
  return numbers;
};
