/** What to do about what memory says: sentences, each with the figures that it rests on. */
import { Advice, type DeployContext, Timestamp } from "@nopea/domain";
import * as Drivers from "../risk/Drivers.js";

type Known = Omit<DeployContext.DeployContext, "recommendations">;

/** A reason that breaks this share of the deploys, or more, is worth a sentence. */
const worthSaying = 0.15;

export const recommendationsOf = (
  context: Known,
  at: number,
  before: ReadonlyMap<string, Drivers.Pattern>,
): ReadonlyArray<string> => [
  ...context.conditionalPatterns.map((pattern) => waitOf(pattern, before.get(pattern.when))),
  ...context.failurePatterns
    .filter(({ confidence }) => confidence >= worthSaying)
    .map((pattern) => breaksOf(pattern, at)),
  ...(context.known ? [] : [unknownOf(context)]),
];

const waitOf = (
  { when, with: together, otherwise, now }: DeployContext.ConditionalPattern,
  pattern: Drivers.Pattern | undefined,
): string => {
  const figures = Drivers.comparison(together, otherwise);
  return now && pattern !== undefined
    ? `${when} was deployed ${Drivers.duration(pattern.agoMs)} ago: wait until an hour has passed, or deploy in steps; ${figures}.`
    : `Keep an hour between a deploy of ${when} and this one: ${figures}.`;
};

const breaksOf = (
  { error, confidence, observations, evidence }: DeployContext.FailurePattern,
  at: number,
): string => {
  const newest = evidence[0];
  const last =
    newest === undefined
      ? ""
      : `, last ${Drivers.duration(at - Timestamp.toMillis(newest.at))} ago`;
  const times = observations === 1 ? "once" : `${observations} times`;
  return `${error} broke it ${times}${last}; of its next deploys ${percent(confidence)} are expected to end so. ${Advice.adviceFor(error)}`;
};

const unknownOf = ({ service, risk: { basedOn } }: Known): string => {
  const others =
    basedOn.namespace > 0
      ? `${basedOn.namespace} other deploys of its namespace`
      : basedOn.cluster > 0
        ? `${basedOn.cluster} deploys of its cluster`
        : "what other clusters' deploys show";
  return `Nothing was learnt of ${service} yet: the risk rests on ${others}. What the cluster still knows of earlier deploys can be imported (nopea memory import).`;
};

const percent = (share: number): string => `${Math.round(share * 100)} %`;
