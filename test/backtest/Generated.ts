/**
 * Histories whose truth is known: 200 services, 20,000 deploys, of which about 4 % fail. How likely
 * each fails is additive in log-odds: the service's own level (normal, sd 1), the size and the kind
 * of the change, a flaky spell that nobody sees begin or end, and for 15 planted pairs a lift when
 * the one service was deployed within the hour before the other. As many pairs again, and twice,
 * are deployed together just as often and mean nothing.
 */
import type { Deploy } from "./History.js";
import { type Random, seeded } from "./Random.js";

export interface Profile {
  readonly pairs: number;
  /** What a planted pair adds, in log-odds. */
  readonly lift: number;
}

/** The profiles that the targets speak of. */
export const profiles = {
  "lift-4": { pairs: 15, lift: 4 },
  "lift-3": { pairs: 15, lift: 3 },
  "no-pairs": { pairs: 0, lift: 0 },
} satisfies Record<string, Profile>;

export interface PlantedPair {
  readonly before: string;
  readonly after: string;
}

export interface Generated {
  readonly deploys: ReadonlyArray<Deploy>;
  /** The true probability of each deploy's failing. */
  readonly truth: ReadonlyArray<number>;
  readonly pairs: ReadonlyArray<PlantedPair>;
}

const SERVICES = 200;
const NAMESPACES = 10;
const DEPLOYS = 20_000;
const BASE_RATE = 0.04;
const COMPANIONS = 45;
/** A companion follows this share of the deploys of the service before. */
const FOLLOWS = 0.6;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2024, 0, 1);
const SPAN = 365 * DAY;

const kindEffects = { image: 0, config: -0.4, manifests: 0.6 } as const;
const semverEffects = { major: 1.2, minor: 0.4, patch: -0.2, other: 0, none: 0 } as const;
/** Of the natural logarithm of the lines changed, about its mean. */
const SIZE_EFFECT = 0.35;
const SPELL_EVERY = 120 * DAY;
const SPELL_LASTS = 10 * DAY;
const SPELL_EFFECT = 2;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

interface Draft {
  readonly service: number;
  readonly at: number;
}

export const generate = (seed: number, { pairs, lift }: Profile): Generated => {
  const random = seeded(seed);
  const levels = Array.from({ length: SERVICES }, () => random.normal());
  const spells = levels.map(() => spellsOf(random));
  const companions = companionsOf(random);
  const planted = companions.slice(0, pairs);
  const isPlanted = (before: number, after: number) =>
    planted.some((pair) => pair.before === before && pair.after === after);

  const drafts = draftsOf(random, companions);
  const recent: Array<Draft> = [];
  const plain: Array<number> = [];
  const lifted: Array<boolean> = [];
  const facts = drafts.map((draft) => {
    while (recent[0] !== undefined && recent[0].at < draft.at - HOUR) recent.shift();
    const before = [...new Set(recent.map(({ service }) => service))].filter(
      (each) => each !== draft.service && namespaceOf(each) === namespaceOf(draft.service),
    );
    recent.push(draft);
    const { change, bot } = changeOf(random);
    plain.push(
      (levels[draft.service] ?? 0) +
        kindEffects[change.kind] +
        semverEffects[change.semver] +
        SIZE_EFFECT * (Math.log(change.lines) - MEAN_LOG_LINES) +
        (spells[draft.service]?.some(([from, to]) => draft.at >= from && draft.at < to)
          ? SPELL_EFFECT
          : 0),
    );
    lifted.push(before.some((each) => isPlanted(each, draft.service)));
    return { draft, before, change, bot };
  });

  const intercept = interceptFor(plain, BASE_RATE);
  const truth = plain.map((x, i) => sigmoid(intercept + x + (lifted[i] ? lift : 0)));
  const deploys = facts.map(({ draft, before, change, bot }, i): Deploy => {
    const failed = random.next() < (truth[i] ?? 0);
    const after = failed ? Math.ceil(random.exponential(30)) : 60;
    return {
      service: nameOf(draft.service),
      namespace: namespaceOf(draft.service),
      at: draft.at,
      change,
      together: before.map(nameOf).sort(),
      bot,
      isRevert: false,
      failed,
      revealedAt: draft.at + after * MINUTE,
    };
  });
  return {
    deploys,
    truth,
    pairs: planted.map(({ before, after }) => ({ before: nameOf(before), after: nameOf(after) })),
  };
};

/** The history as lines of the form that the backtest reads. */
export const linesOf = ({ deploys }: Generated): string =>
  deploys
    .map((deploy) =>
      JSON.stringify({
        service: deploy.service,
        namespace: deploy.namespace,
        time: new Date(deploy.at).toISOString(),
        change_kind: deploy.change?.kind,
        semver: deploy.change?.semver,
        files_changed: deploy.change?.objects,
        lines_changed: deploy.change?.lines,
        co_services: deploy.together,
        bot: deploy.bot,
        is_revert: deploy.isRevert,
        outcome: deploy.failed ? "failed" : "ok",
        ...(deploy.failed && { failed_after_min: (deploy.revealedAt - deploy.at) / MINUTE }),
      }),
    )
    .join("\n") + "\n";

const nameOf = (service: number): string => `service-${service}`;
const namespaceOf = (service: number): string => `team-${service % NAMESPACES}`;

/** Ordered pairs of one namespace; each service is the later one of at most one of them. */
const companionsOf = (random: Random) => {
  const companions: Array<{ before: number; after: number }> = [];
  while (companions.length < COMPANIONS) {
    const after = random.below(SERVICES);
    const before = (after + NAMESPACES * (1 + random.below(SERVICES / NAMESPACES - 1))) % SERVICES;
    const taken = companions.some(
      (pair) => pair.after === after || (pair.before === after && pair.after === before),
    );
    if (!taken) companions.push({ before, after });
  }
  return companions;
};

/** Services differ in how often they are deployed; what a companion follows brings it along. */
const draftsOf = (
  random: Random,
  companions: ReadonlyArray<{ readonly before: number; readonly after: number }>,
): ReadonlyArray<Draft> => {
  const busy = Array.from(
    { length: SERVICES },
    (_, i) => [i, Math.exp(0.4 * random.normal())] as const,
  );
  const drafts: Array<Draft> = [];
  while (drafts.length < DEPLOYS) {
    const draft = { service: random.pick(busy), at: START + Math.floor(random.next() * SPAN) };
    drafts.push(draft);
    for (const { before, after } of companions)
      if (before === draft.service && random.next() < FOLLOWS)
        drafts.push({ service: after, at: draft.at + MINUTE * (1 + random.below(58)) });
  }
  return drafts.slice(0, DEPLOYS).sort((a, b) => a.at - b.at);
};

const spellsOf = (random: Random): ReadonlyArray<readonly [number, number]> => {
  const spells: Array<readonly [number, number]> = [];
  for (let at = START - SPELL_LASTS; at < START + SPAN;) {
    at += random.exponential(SPELL_EVERY);
    const until = at + random.exponential(SPELL_LASTS);
    spells.push([at, until]);
    at = until;
  }
  return spells;
};

const MEAN_LOG_LINES = 2.5;

const changeOf = (random: Random) => {
  const kind = random.pick([
    ["image", 6],
    ["config", 3],
    ["manifests", 1],
  ] as const);
  const semver =
    kind === "image"
      ? random.pick([
          ["patch", 6],
          ["minor", 3],
          ["major", 1],
        ] as const)
      : ("none" as const);
  const lines = Math.max(1, Math.round(Math.exp(MEAN_LOG_LINES + random.normal())));
  const objects = 1 + Math.floor(random.exponential(1.5));
  return { change: { kind, semver, lines, objects }, bot: random.next() < 0.5 };
};

/** The intercept at which the mean probability is the base rate: by halving. */
const interceptFor = (scores: ReadonlyArray<number>, rate: number): number => {
  let [low, high] = [-15, 5];
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    const mean = scores.reduce((sum, x) => sum + sigmoid(middle + x), 0) / scores.length;
    if (mean < rate) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
};
