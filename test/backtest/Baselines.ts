/** What nopea's predictor has to beat: the original's rule, a rate by service, and a plain learner. */
import type { Deploy } from "./History.js";
import type { Predictor } from "./Replay.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const nameOf = ({ namespace, service }: Deploy) => `${namespace}/${service}`;
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/**
 * The original's rule: a service's first failure makes a pattern of weight 0.5, each further one
 * moves it by 0.3 of the way to 0.8, and it fades by 0.98 an hour until it dies under 0.05; a
 * success never lowers it. Over 0.15 it would choose a canary. Its weight is taken for the risk.
 */
export class Original implements Predictor<undefined> {
  private readonly patterns = new Map<string, { weight: number; at: number }>();

  predict(deploy: Deploy) {
    return { p: Math.max(NEVER, this.weightOf(nameOf(deploy), deploy.at)), kept: undefined };
  }

  reveal(deploy: Deploy) {
    if (!deploy.failed) return;
    const { at } = deploy;
    const weight = this.weightOf(nameOf(deploy), at);
    this.patterns.set(nameOf(deploy), {
      weight: weight === 0 ? 0.5 : weight + 0.3 * (0.8 - weight),
      at,
    });
  }

  private weightOf(name: string, at: number): number {
    const pattern = this.patterns.get(name);
    if (pattern === undefined) return 0;
    const weight = pattern.weight * Math.pow(0.98, Math.max(0, at - pattern.at) / HOUR);
    return weight < 0.05 ? 0 : weight;
  }
}

/** It knows of no risk where there is no pattern; a log-loss needs some figure. */
const NEVER = 0.0001;

/** A service's failure rate with a half-life of 30 days, pulled towards everyone's by some outcomes. */
export class ServiceRate implements Predictor<undefined> {
  private readonly services = new Map<string, { n: number; f: number; at: number }>();
  private readonly everyone = { n: 20, f: 1 };

  predict(deploy: Deploy) {
    const { n, f } = this.countsOf(nameOf(deploy), deploy.at);
    const base = this.everyone.f / this.everyone.n;
    return { p: (f + PULL * base) / (n + PULL), kept: undefined };
  }

  reveal(deploy: Deploy) {
    const { n, f } = this.countsOf(nameOf(deploy), deploy.revealedAt);
    const failed = Number(deploy.failed);
    this.services.set(nameOf(deploy), { n: n + 1, f: f + failed, at: deploy.revealedAt });
    this.everyone.n += 1;
    this.everyone.f += failed;
  }

  private countsOf(name: string, at: number) {
    const { n, f, at: then } = this.services.get(name) ?? { n: 0, f: 0, at };
    const left = Math.pow(0.5, (at - then) / (30 * DAY));
    return { n: n * left, f: f * left };
  }
}
const PULL = 8;

type Field = readonly [name: string, value: number];

/** Online logistic regression over the fields as they are: a word is a weight, steps by AdaGrad. */
export class Logistic implements Predictor<ReadonlyArray<Field>> {
  private readonly weights = new Map<string, { weight: number; squares: number }>();

  predict(deploy: Deploy) {
    const fields = this.fieldsOf(deploy);
    return { p: sigmoid(this.sum(fields)), kept: fields };
  }

  reveal(deploy: Deploy, fields: ReadonlyArray<Field>) {
    const error = sigmoid(this.sum(fields)) - Number(deploy.failed);
    for (const [name, value] of fields) {
      const { weight, squares } = this.weightOf(name);
      const gradient = error * value + DECAY * (name === "base" ? 0 : weight);
      const sum = squares + gradient * gradient;
      this.weights.set(name, {
        weight: weight - (STEP * gradient) / Math.sqrt(sum),
        squares: sum,
      });
    }
  }

  private fieldsOf(deploy: Deploy): ReadonlyArray<Field> {
    const { change } = deploy;
    const fields: Array<Field> = [
      ["base", 1],
      [`service ${nameOf(deploy)}`, 1],
      [`namespace ${deploy.namespace}`, 1],
      [`kind ${change?.kind}`, 1],
      [`semver ${change?.semver}`, 1],
      ["objects", Math.log1p(change?.objects ?? 0) / 3],
      ["lines", Math.log1p(change?.lines ?? 0) / 5],
      ["together", Math.log1p(deploy.together.length) / 2],
    ];
    if (deploy.bot === true) fields.push(["bot", 1]);
    if (deploy.isRevert === true) fields.push(["revert", 1]);
    return fields;
  }

  private sum(fields: ReadonlyArray<Field>): number {
    return fields.reduce((sum, [name, value]) => sum + this.weightOf(name).weight * value, 0);
  }

  private weightOf(name: string) {
    return (
      this.weights.get(name) ??
      (name === "base" ? { weight: -3, squares: 1 } : { weight: 0, squares: 1 })
    );
  }
}
const STEP = 0.2;
const DECAY = 0.0001;
