/**
 * The prior weights that a history is replayed with: the shipped ones, but for the histories that
 * those were learnt from. These are recognised by their content, and get weights learnt without them.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Features, Model, Prior } from "@nopea/memory";
import { generate, profiles } from "./Generated.js";
import type { Deploy } from "./History.js";
import { Nopea } from "./Nopea.js";
import { replay } from "./Replay.js";

/** Whatever its lines' order and layout. */
export const digestOf = (deploys: ReadonlyArray<Deploy>): string =>
  createHash("sha256")
    .update(
      deploys
        .map((deploy) => JSON.stringify(deploy))
        .sort()
        .join("\n"),
    )
    .digest("hex");

/** By digest: priors learnt from all other known histories. Written by `npm run backtest -- --learn`. */
export const withoutIt = (file: URL | string): ReadonlyMap<string, Prior.Prior> =>
  new Map(Object.entries(JSON.parse(readFileSync(file, "utf8")) as Record<string, Prior.Prior>));

export const priorFor = (
  deploys: ReadonlyArray<Deploy>,
  known: ReadonlyMap<string, Prior.Prior>,
): Prior.Prior => known.get(digestOf(deploys)) ?? Prior.shipped;

/** Before anything was learnt: the cluster's rate as it is, everything else by a little. */
const start: Prior.Prior["weights"] = Object.fromEntries(
  Features.features.map(({ name }) => [
    name,
    name === "intercept" ? 0 : name === "cluster" ? 1 : name.startsWith("cluster-") ? 0.5 : 0.1,
  ]),
);

/** How ready weights are to move in each pass over a history. */
const PASSES = [0.02, 0.005, 0.005];
/** An offset is pulled towards 0 by so many outcomes of the history's own rate. */
const OUTCOMES = 20;

/**
 * Variance of a prior weight on which all histories agree; of others it grows with how far they lie
 * apart (by more than that, for they are few), up to a limit.
 */
const FIRM = 0.01;
const APART = 4;
const LOOSE = 0.2;

/** What one history teaches. */
interface Taught {
  readonly offsets: ReadonlyMap<string, { readonly n: number; readonly offset: number }>;
  /** By feature; `precision` is how much the history had to say of it. */
  readonly weights: ReadonlyArray<{
    readonly weight: number;
    readonly precision: number;
    readonly variance?: number;
  }>;
}

const learnFrom = (deploys: ReadonlyArray<Deploy>, offsets: Taught["offsets"]): Taught => {
  let weights: Taught["weights"] = Features.features.map(({ name }) => ({
    weight: start[name] ?? 0,
    precision: 0,
  }));
  for (const variance of PASSES) {
    const prior = priorOf(weights, offsets);
    const believing = Model.believing(prior);
    const variances = believing.variances.map(() => variance);
    const nopea = new Nopea(prior, { ...believing, variances });
    replay(deploys, nopea);
    weights = nopea.model.weights.map((weight, i) => ({
      // Another cluster's level is its own: the intercept is not handed on.
      weight: i === 0 ? 0 : weight,
      precision: 1 / (nopea.model.variances[i] ?? variance) - 1 / variance,
    }));
  }
  return { weights, offsets };
};

/** How far the rates of general keys lie from the history's own. */
const offsetsOf = (deploys: ReadonlyArray<Deploy>): Taught["offsets"] => {
  const counts = new Map<string, { n: number; f: number }>();
  const nopea = new Nopea();
  replay(deploys, {
    predict: (deploy) => nopea.predict(deploy),
    reveal: (deploy, situation) => {
      nopea.reveal(deploy, situation);
      for (const key of Features.keysOf(situation).filter(Features.isGeneral)) {
        const { n, f } = counts.get(key) ?? { n: 0, f: 0 };
        counts.set(key, { n: n + 1, f: f + Number(deploy.failed) });
      }
    },
  });
  const base = deploys.filter(({ failed }) => failed).length / deploys.length;
  const pulled = ({ n, f }: { readonly n: number; readonly f: number }) =>
    Features.logit((f + OUTCOMES * base) / (n + OUTCOMES)) - Features.logit(base);
  return new Map([...counts].map(([key, it]) => [key, { n: it.n, offset: pulled(it) }]));
};

const priorOf = (weights: Taught["weights"], offsets: Taught["offsets"]): Prior.Prior => ({
  weights: Object.fromEntries(
    Features.features.map(({ name }, i) => [name, rounded(weights[i]?.weight ?? 0, 4)]),
  ),
  variances: Object.fromEntries(
    Features.features.map(({ name }, i) => [name, rounded(weights[i]?.variance ?? FIRM, 4)]),
  ),
  offsets: Object.fromEntries(
    [...offsets]
      .filter(([, { n }]) => n >= OUTCOMES)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { offset }]) => [key, rounded(offset, 2)]),
  ),
});

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/** One weight's mean, by how much each history had to say of it, and how far they lie apart. */
const pooled = (all: ReadonlyArray<Taught>, i: number) => {
  const each = all.map(({ weights }) => weights[i] ?? { weight: 0, precision: 0 });
  const precision = each.reduce((sum, it) => sum + it.precision, 0);
  if (precision === 0) return { weight: each[0]?.weight ?? 0, precision, apart: 0 };
  const weight = each.reduce((sum, it) => sum + it.weight * it.precision, 0) / precision;
  const apart = each.reduce((sum, it) => sum + it.precision * (it.weight - weight) ** 2, 0);
  return { weight, precision, apart: apart / precision };
};

/**
 * What all of them teach together: where to begin from histories none of which outweighs another,
 * and how far to be ready to move from where each has come in the end.
 */
const together = (all: ReadonlyArray<Taught>, inTheEnd: ReadonlyArray<Taught>): Prior.Prior => {
  const weights = Features.features.map((_, i) => {
    const { weight, precision } = pooled(all, i);
    const variance = Math.min(LOOSE, FIRM + APART * pooled(inTheEnd, i).apart);
    return { weight, precision, variance };
  });
  const offsets = new Map<string, { n: number; offset: number }>();
  for (const taught of all)
    for (const [key, { n, offset }] of taught.offsets) {
      const sum = offsets.get(key) ?? { n: 0, offset: 0 };
      const share = n / (sum.n + n);
      offsets.set(key, { n: sum.n + n, offset: sum.offset * (1 - share) + offset * share });
    }
  return priorOf(weights, offsets);
};

/** Seeds of the generated histories that priors are learnt from; no test uses them. */
const SEEDS = [101, 102, 103];

/**
 * The prior to ship, and for each history one that is not learnt from it: what each of the others
 * teaches and what generated ones do (weights alone: what their words mean is made up).
 */
export const learnPriors = (histories: ReadonlyArray<ReadonlyArray<Deploy>>) => {
  const generated = Object.values(profiles).map(
    (profile, i) => generate(SEEDS[i] ?? 0, profile).deploys,
  );
  const short = generated.map((deploys) => learnFrom(deploys.slice(0, GENERATED), new Map()));
  const whole = generated.map((deploys) => learnFrom(deploys, new Map()));
  const taught = histories.map((deploys) => learnFrom(deploys, offsetsOf(deploys)));
  const priorFrom = (real: ReadonlyArray<Taught>) =>
    together([...real, ...short], [...real, ...whole]);
  return {
    shipped: priorFrom(taught),
    without: Object.fromEntries(
      histories.map((deploys, i) => [
        digestOf(deploys),
        priorFrom(taught.filter((_, j) => j !== i)),
      ]),
    ),
  };
};
/** As many deploys of each generated history as a real one has, so that none outweighs it. */
const GENERATED = 5_000;
