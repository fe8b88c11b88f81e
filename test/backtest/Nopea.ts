/**
 * nopea's own predictor: the functions of the product over maps instead of a store, called in the
 * order in which the product calls them.
 */
import { Features, Model, Pairs, Prior, Rates, type Situation } from "@nopea/memory";
import type { Deploy } from "./History.js";
import type { Predictor } from "./Replay.js";

/** A pair that stands, as it is shown. */
export interface Pattern {
  readonly service: string;
  readonly namespace: string;
  /** The service whose deploy within the hour before matters. */
  readonly when: string;
  readonly with: { readonly deploys: number; readonly failed: number };
  readonly otherwise: { readonly deploys: number; readonly failed: number };
}

interface Tally {
  n: number;
  f: number;
  e: number;
}

/** What is kept of a service: B, with all that was deployed before it. */
interface Kept {
  lastStart: number;
  lastFailed: ReadonlyArray<boolean>;
  readonly all: Tally;
  readonly before: Map<string, { readonly both: Tally; wellSince: number }>;
}

export class Nopea implements Predictor<Situation.Situation> {
  private readonly rates = new Map<string, Rates.Rate>();
  private readonly services = new Map<string, Kept>();

  constructor(
    private readonly prior: Prior.Prior = Prior.shipped,
    public model: Model.Model = Model.believing(prior),
  ) {}

  predict(deploy: Deploy) {
    const situation = this.situationOf(deploy);
    this.of(deploy).lastStart = deploy.at;
    const parts = Pairs.strongest(this.partsOf(situation));
    const { probability } = Model.assess(this.model, situation, this.read, parts, this.prior);
    return { p: probability, kept: situation };
  }

  reveal(deploy: Deploy, situation: Situation.Situation) {
    const parts = this.partsOf(situation);
    const strongest = Pairs.strongest(parts);
    const { alone, probability } = Model.assess(
      this.model,
      situation,
      this.read,
      strongest,
      this.prior,
    );
    this.model = Model.learn(
      this.model,
      situation,
      this.read,
      strongest,
      deploy.failed,
      1,
      this.prior,
    );
    // What a pair explains counts against the service only as far as it would have failed anyway.
    const blame = deploy.failed ? Pairs.blameOf(alone, probability) : 0;
    for (const key of Features.keysOf(situation))
      this.rates.set(key, Rates.add(this.rates.get(key), key, deploy.at, blame, 1));
    this.count(deploy, situation, alone, parts);
  }

  /** The pairs that stand, by name. */
  patterns(): ReadonlyArray<Pattern> {
    const tested = [...this.services].flatMap(([name, { all, before }]) =>
      [...before]
        .map(([when, { both, wellSince }]) => ({ name, when, pair: { both, all, wellSince } }))
        .filter(({ pair }) => Pairs.isTested(pair)),
    );
    const cutoff = Pairs.cutoffOf(
      tested.map(({ pair }) => Pairs.chanceOf(pair)),
      tested.length,
    );
    return tested
      .filter(({ pair }) => Pairs.chanceOf(pair) <= cutoff && !Pairs.hasStopped(pair))
      .map(({ name, when, pair: { both, all } }) => ({
        service: name.slice(name.indexOf("/") + 1),
        namespace: name.slice(0, name.indexOf("/")),
        when,
        with: { deploys: both.n, failed: both.f },
        otherwise: { deploys: all.n - both.n, failed: all.f - both.f },
      }))
      .sort((a, b) => (a.service + a.when < b.service + b.when ? -1 : 1));
  }

  private readonly read = (key: string) => this.rates.get(key);

  private of({ namespace, service }: Pick<Deploy, "namespace" | "service">): Kept {
    const name = `${namespace}/${service}`;
    const kept = this.services.get(name) ?? {
      lastStart: -Infinity,
      lastFailed: [],
      all: { n: 0, f: 0, e: 0 },
      before: new Map(),
    };
    this.services.set(name, kept);
    return kept;
  }

  private situationOf(deploy: Deploy): Situation.Situation {
    const { service, namespace, at, change, bot, isRevert, together } = deploy;
    const { lastStart, lastFailed } = this.of(deploy);
    return {
      ...{ service, namespace, at, change, bot, isRevert, together, lastFailed },
      gapMs: lastStart === -Infinity ? undefined : at - lastStart,
    };
  }

  private partsOf(situation: Situation.Situation): ReadonlyArray<Pairs.Part> {
    const { all, before } = this.of(situation);
    const parts: Array<Pairs.Part> = [];
    for (const service of situation.together) {
      const pair = before.get(service);
      if (pair !== undefined) parts.push({ service, logOdds: Pairs.logOddsOf({ ...pair, all }) });
    }
    return parts;
  }

  private count(
    { failed }: Deploy,
    situation: Situation.Situation,
    alone: number,
    parts: ReadonlyArray<Pairs.Part>,
  ) {
    const kept = this.of(situation);
    kept.lastFailed = [...kept.lastFailed, failed].slice(-3);
    const more = (tally: Tally, expected: number) => {
      tally.n += 1;
      tally.f += Number(failed);
      tally.e += expected;
    };
    more(kept.all, alone);
    for (const service of situation.together) {
      const pair = kept.before.get(service) ?? { both: { n: 0, f: 0, e: 0 }, wellSince: 0 };
      more(pair.both, Pairs.expectedWithout(service, alone, parts));
      pair.wellSince = failed ? 0 : pair.wellSince + 1;
      kept.before.set(service, pair);
    }
  }
}
