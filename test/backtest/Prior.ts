/**
 * The prior weights that a history is replayed with: the shipped ones, but for the histories that
 * those were learnt from. These are recognised by their content, and get weights learnt without them.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Features, Model } from "@nopea/memory";
import { generate, profiles } from "./Generated.js";
import type { Deploy } from "./History.js";
import { Nopea } from "./Nopea.js";
import { replay } from "./Replay.js";

type Weights = Readonly<Record<string, number>>;

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

/** By digest: weights learnt from all other known histories. Written by `npm run backtest -- --learn`. */
export const withoutIt = (file: URL | string): ReadonlyMap<string, Weights> =>
  new Map(Object.entries(JSON.parse(readFileSync(file, "utf8")) as Record<string, Weights>));

export const modelFor = (
  deploys: ReadonlyArray<Deploy>,
  known: ReadonlyMap<string, Weights>,
): Model.Model => {
  const weights = known.get(digestOf(deploys));
  return weights === undefined ? Model.initial : Model.believing(weights);
};

/** Before anything was learnt: the cluster's rate as it is, everything else by less. */
const start: Weights = Object.fromEntries(
  Features.features.map(({ name }) => [
    name,
    name === "intercept" ? 0 : name === "cluster" ? 1 : name.startsWith("cluster-") ? 0.5 : 0.3,
  ]),
);

/** A history's weights: two passes over it, the first of them ready to move far. */
const learnFrom = (deploys: ReadonlyArray<Deploy>, from: Weights): Weights => {
  let weights = from;
  for (const variance of [0.02, undefined]) {
    const prior = Model.believing(weights);
    const nopea = new Nopea(
      variance === undefined ? prior : { ...prior, variances: prior.variances.map(() => variance) },
    );
    replay(deploys, nopea);
    weights = weightsOf(nopea.model);
  }
  return weights;
};

/** Another cluster's level is its own: the intercept is not handed on. */
const weightsOf = (model: Model.Model): Weights =>
  Object.fromEntries(
    Features.features.map(({ name }, i) => [name, i === 0 ? 0 : (model.weights[i] ?? 0)]),
  );

const mean = (all: ReadonlyArray<Weights>): Weights =>
  Object.fromEntries(
    Features.features.map(({ name }) => [
      name,
      Number((all.reduce((sum, each) => sum + (each[name] ?? 0), 0) / all.length).toFixed(4)),
    ]),
  );

/** Seeds of the generated histories that priors are learnt from; no test uses them. */
const SEEDS = [101, 102, 103];

/**
 * The prior to ship, and for each history one that is not learnt from it: the mean of what each of
 * the others teaches and what generated ones do.
 */
export const learnPriors = (histories: ReadonlyArray<ReadonlyArray<Deploy>>) => {
  const generated = Object.values(profiles).map(
    (profile, i) => generate(SEEDS[i] ?? 0, profile).deploys,
  );
  const taught = histories.map((deploys) => learnFrom(deploys, start));
  const made = mean(generated.map((deploys) => learnFrom(deploys, start)));
  return {
    shipped: mean([...taught, made]),
    without: Object.fromEntries(
      histories.map((deploys, i) => [
        digestOf(deploys),
        mean([...taught.filter((_, j) => j !== i), made]),
      ]),
    ),
  };
};
