/**
 * Why a risk is what it is, in words and figures: the parts of an assessment by what they are
 * about. What they say is chosen here; how much they add is the assessment's, so that their
 * log-odds add up to that of the probability, always.
 */
import type { Reason, Risk } from "@nopea/domain";
import type { ChangeFacts } from "../Lesson.js";
import * as Features from "./Features.js";
import type * as Model from "./Model.js";
import * as Rates from "./Rates.js";
import type { Situation } from "./Situation.js";

export interface Tally {
  readonly deploys: number;
  readonly failed: number;
}

/** A pair of services as it is said: B's deploys with A before, and B's others. */
export interface Pattern {
  /** How long before this deploy A's began; milliseconds. */
  readonly agoMs: number;
  readonly together: Tally;
  readonly otherwise: Tally;
}

/** Counts for the words. They change no figure of the score. */
export interface Figures {
  /** The service's last outcomes (the newest `outcomesSaid`), and the reasons of those that failed. */
  readonly last: Tally & { readonly reasons: ReadonlyArray<Reason.Reason> };
  readonly namespace: Tally;
  readonly cluster: Tally;
  /** The service's deploys by this way (a person, or a pipeline or agent), where it is known. */
  readonly route?: Tally | undefined;
  /** The cluster's deploys with the same kind of change and step of version. */
  readonly change?: Tally | undefined;
  /** By the service that was deployed before. */
  readonly patterns: ReadonlyMap<string, Pattern>;
}

/** How many of the service's last outcomes are counted in `Figures.last`. */
export const outcomesSaid = 8;

/** For `Figures.change`: as many as are left of those that fade over years; small counts are what they were. */
export const suchChanges = (
  rates: ReadonlyMap<string, Rates.Rate>,
  change: ChangeFacts,
  at: number,
): Tally => {
  const key = Features.changeKey(change);
  const { n, f } = Rates.longAt(rates.get(key), key, at);
  return { deploys: Math.round(n), failed: Math.round(f) };
};

/** Less than this, in log-odds, is not worth a line: it goes to `base`. */
const WORTH_SAYING = 0.01;

/** The largest comes first, `base` last. */
export const driversOf = (
  assessment: Model.Assessment,
  situation: Situation,
  figures: Figures,
): ReadonlyArray<Risk.Driver> => {
  const sums = new Map<string, number>();
  let base = 0;
  for (const { name, topic, logOdds } of assessment.parts) {
    const driver = topic === "pattern" ? `pattern:${name}` : topic;
    if (driver === "base") base += logOdds;
    else sums.set(driver, (sums.get(driver) ?? 0) + logOdds);
  }
  const drivers: Array<Risk.Driver> = [];
  for (const [name, logOdds] of sums) {
    const text = Math.abs(logOdds) < WORTH_SAYING ? undefined : textOf(name, situation, figures);
    if (text === undefined) base += logOdds;
    else drivers.push({ name, text, logOdds });
  }
  drivers.sort((a, b) => Math.abs(b.logOdds) - Math.abs(a.logOdds));
  return [...drivers, { name: "base", text: baseText(figures.cluster), logOdds: base }];
};

/** What there is to say; undefined where nothing was counted. */
const textOf = (name: string, situation: Situation, figures: Figures): string | undefined => {
  const { change, bot, isRevert, gapMs, together, namespace } = situation;
  switch (name) {
    case "service":
      return figures.last.deploys === 0 ? undefined : lastText(figures.last);
    case "namespace":
      return figures.namespace.deploys === 0
        ? undefined
        : `${share(figures.namespace)} in namespace ${namespace} failed`;
    case "change":
      return change && changeText(change, figures.change);
    case "size":
      return change && `${count(change.objects, "object")}, ${count(change.lines, "line")} changed`;
    case "who":
      return bot === undefined ? undefined : routeText(bot, figures.route);
    case "direction":
      return isRevert
        ? "a step back to an earlier version"
        : "not a step back to an earlier version";
    case "pace":
      return gapMs === undefined ? undefined : `last deployed ${duration(gapMs)} ago`;
    case "together":
      return together.length === 0
        ? "no other service deployed within the hour"
        : `${count(together.length, "other service")} deployed within the hour`;
    default:
      return name.startsWith("pattern:")
        ? patternText(name.slice("pattern:".length), figures)
        : undefined;
  }
};

const baseText = (cluster: Tally): string =>
  cluster.deploys === 0
    ? "nothing was deployed here yet: what other clusters' deploys show"
    : `${share(cluster)} in this cluster failed`;

const lastText = ({ deploys, failed, reasons }: Figures["last"]): string => {
  if (failed === 0)
    return deploys === 1 ? "the last one went well" : `none of the last ${deploys} failed`;
  if (deploys === 1) return `the last one failed${reasons[0] ? `: ${reasons[0]}` : ""}`;
  const said = `${failed} of the last ${deploys} failed`;
  const distinct = [...new Set(reasons)];
  if (distinct.length === 0) return said;
  if (distinct.length > 1 || reasons.length < failed) return `${said}: ${distinct.join(", ")}`;
  return `${said}, ${failed === 1 ? "" : "all "}${distinct[0]}`;
};

const changeText = (
  { kind, semver }: NonNullable<Situation["change"]>,
  tally: Figures["change"],
): string => {
  const what = {
    image: "new image",
    config: "configuration changed",
    manifests: "objects changed",
  };
  const isStep = semver !== "none" && semver !== "other";
  const text = isStep ? `${semver} version` : what[kind];
  return tally === undefined || tally.deploys === 0
    ? text
    : `${text}: ${tally.failed} of ${count(tally.deploys, "such deploy")} failed`;
};

const routeText = (bot: boolean, route: Tally | undefined): string => {
  const by = bot ? "by a pipeline or an agent" : "by a person";
  if (route === undefined) return `deployed ${by}`;
  return route.deploys === 0 ? `first deploy ${by}` : `${share(route)} ${by} failed`;
};

const patternText = (before: string, { patterns }: Figures): string => {
  const pattern = patterns.get(before);
  if (pattern === undefined) return `${before} was deployed shortly before`;
  return `${before} was deployed ${duration(pattern.agoMs)} ago: ${comparison(pattern.together, pattern.otherwise)}`;
};

/** How deploys with another before them went, beside the rest. */
export const comparison = (together: Tally, otherwise: Tally): string =>
  `${together.failed} of ${together.deploys} such deploys failed, against ${otherwise.failed} of ${otherwise.deploys} otherwise`;

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
const share = ({ deploys, failed }: Tally): string => `${failed} of ${count(deploys, "deploy")}`;

const MINUTE = 60_000;
const units: ReadonlyArray<readonly [number, string]> = [
  [24 * 60 * MINUTE, "d"],
  [60 * MINUTE, "h"],
  [MINUTE, "min"],
];

/** In its largest unit of which there are two. */
export const duration = (ms: number): string => {
  const [size, unit] = units.find(([each]) => ms >= 2 * each) ?? [1000, "s"];
  return `${Math.max(0, Math.round(ms / size))} ${unit}`;
};
