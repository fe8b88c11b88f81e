/**
 * The best that a batch method could do on a generated history: a logistic regression that is told
 * the true form (each service's level, size, kind, semver) and the true pairs, and is refit on all
 * outcomes known every 1,000 deploys. What it isn't told is the latent spells.
 */
import type { PlantedPair } from "./Generated.js";
import type { Deploy } from "./History.js";
import type { Predictor } from "./Replay.js";

const REFIT_EVERY = 1_000;
/** Each fit begins where the last one ended. */
const PASSES = 4;

type Example = { readonly x: ReadonlyArray<readonly [feature: number, value: number]>; y: number };

export class Told implements Predictor<Example["x"]> {
  private readonly names = new Map<string, number>();
  private weights: Array<number> = [];
  private readonly examples: Array<Example> = [];
  private predicted = 0;

  constructor(private readonly pairs: ReadonlyArray<PlantedPair>) {}

  predict(deploy: Deploy) {
    if (this.predicted++ % REFIT_EVERY === 0) this.fit();
    const x = this.featuresOf(deploy);
    return { p: sigmoid(this.sum(x)), kept: x };
  }

  reveal({ failed }: Deploy, x: Example["x"]) {
    this.examples.push({ x, y: Number(failed) });
  }

  private featuresOf({ service, change, together }: Deploy): Example["x"] {
    const x: Array<readonly [number, number]> = [
      [this.feature("intercept"), 1],
      [this.feature(`service ${service}`), 1],
    ];
    if (change !== undefined)
      x.push(
        [this.feature(`kind ${change.kind}`), 1],
        [this.feature(`semver ${change.semver}`), 1],
        [this.feature("lines"), Math.log(change.lines) - 2.5],
      );
    for (const pair of this.pairs)
      if (pair.after === service && together.includes(pair.before))
        x.push([this.feature("pairs"), 1]);
    return x;
  }

  private feature(name: string): number {
    const feature = this.names.get(name) ?? this.names.size;
    this.names.set(name, feature);
    while (this.weights.length <= feature) this.weights.push(name === "intercept" ? -3 : 0);
    return feature;
  }

  private sum(x: Example["x"]): number {
    return x.reduce((sum, [feature, value]) => sum + (this.weights[feature] ?? 0) * value, 0);
  }

  /** Newton's step on one weight after another; a service's level has the prior that is true of it. */
  private fit() {
    const uses = this.weights.map((): Array<readonly [example: number, value: number]> => []);
    const sums = this.examples.map(({ x }, i) => {
      for (const [feature, value] of x) uses[feature]?.push([i, value]);
      return this.sum(x);
    });
    for (let pass = 0; pass < PASSES; pass++)
      for (const [name, feature] of this.names) {
        const weight = this.weights[feature] ?? 0;
        const precision = name.startsWith("service") ? 1 : name === "intercept" ? 0 : 0.1;
        let [gradient, curvature] = [-precision * weight, precision + 1e-9];
        for (const [i, value] of uses[feature] ?? []) {
          const p = sigmoid(sums[i] ?? 0);
          gradient += ((this.examples[i]?.y ?? 0) - p) * value;
          curvature += p * (1 - p) * value * value;
        }
        const step = Math.max(-1, Math.min(1, gradient / curvature));
        this.weights[feature] = weight + step;
        for (const [i, value] of uses[feature] ?? []) sums[i] = (sums[i] ?? 0) + step * value;
      }
  }
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
