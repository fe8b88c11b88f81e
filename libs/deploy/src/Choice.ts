/**
 * Which strategy a deploy takes, and why: freeze windows come first, then what was asked for, then
 * the policy, then what memory learnt, then direct. One pure function, so that what is explained
 * beforehand is what is done.
 */
import { type Risk, type Service, type Strategy, Timestamp, type Who } from "@nopea/domain";
import { Either, Option } from "effect";
import * as LocalTime from "./LocalTime.js";
import * as Policy from "./Policy.js";
import { FreezeWindow, Refused } from "./Refusal.js";

/** The risk over which a canary is chosen where the policy says nothing else. */
export const defaultThreshold = 0.15;

/** What would carry a canary or blue-green out: none is built in yet. */
export const engine: Option.Option<string> = Option.none();

export interface Question {
  readonly asked?: Strategy.Strategy | undefined;
  readonly policy: Policy.Policy;
  readonly ref: Pick<Service.ServiceRef, "namespace" | "service">;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly overrideFreeze: boolean;
  /** Absent where it isn't known (yet): nothing is chosen by it then. */
  readonly risk?: Risk.Risk | undefined;
  /** What would carry a canary or blue-green out. */
  readonly engine: Option.Option<string>;
  /** The set has something that can be rolled out in steps. */
  readonly canRoll: boolean;
  /** The service was never deployed, so that there is nothing to compare with. */
  readonly isFirst: boolean;
}

/** What only a plan, or the set in force, can say. */
export type Rolling = Pick<Question, "canRoll" | "isFirst">;

export interface Chosen extends Strategy.Choice {
  readonly strategy: Strategy.Strategy;
  /** That what was wanted could not be done. */
  readonly warning?: string;
  /** The window that is open, and was overridden. */
  readonly freeze?: Policy.Freeze;
}

export const choose = (question: Question): Either.Either<Chosen, FreezeWindow | Refused> => {
  const { policy, ref, now, overrideFreeze } = question;
  const freeze = Policy.freeze(policy, ref, now);
  if (freeze !== undefined && !overrideFreeze) return Either.left(frozen(ref, freeze));
  return Either.map(carriedOut(question, wish(question)), (chosen) =>
    freeze === undefined ? chosen : { ...chosen, freeze },
  );
};

/** `the freeze window "weekend" (policy.freeze[0]) is open until 2026-07-06 06:00 Europe/Berlin`. */
export const freezeText = ({ window, path, zone, until }: Policy.Freeze): string => {
  const end = Number.isFinite(until)
    ? `until ${LocalTime.format(LocalTime.at(until, zone))} ${zone.name} (${Timestamp.fromMillis(until)})`
    : `for a year and more (time zone ${zone.name})`;
  return `the freeze window ${window} (${path}) is open ${end}`;
};

/** What whoever deploys should know of the choice. */
export const warnings = ({ freeze, warning }: Chosen, who: Who.Who): ReadonlyArray<string> => [
  ...(freeze === undefined ? [] : [`${freezeText(freeze)}: overridden by ${who.name}`]),
  ...(warning === undefined ? [] : [warning]),
];

/** What is recorded of it. */
export const recorded = ({ rule, why, threshold, wanted }: Chosen): Strategy.Choice => ({
  rule,
  why,
  threshold,
  ...(wanted === undefined ? {} : { wanted }),
});

const frozen = (ref: Question["ref"], freeze: Policy.Freeze): FreezeWindow =>
  new FreezeWindow({
    message: `${ref.service} in ${ref.namespace} is not deployed now: ${freezeText(freeze)}`,
    advice: "Deploy when it has closed, or with --override-freeze, which is recorded.",
  });

interface Wish extends Strategy.Choice {
  readonly strategy: Strategy.Strategy;
}

/** What the first rule that has a say wants, whether or not it can be done. */
const wish = ({ asked, policy, ref, risk }: Question): Wish => {
  const set = Policy.threshold(policy, ref);
  const threshold = set?.value ?? defaultThreshold;
  if (asked !== undefined)
    return { strategy: asked, rule: "asked", threshold, why: `${asked} was asked for` };
  const ruled = Policy.strategy(policy, ref);
  if (ruled !== undefined) {
    const why = `the policy says ${ruled.value} (${ruled.path})`;
    return { strategy: ruled.value, rule: "policy", threshold, why };
  }
  const neither = "no strategy was asked for or set by the policy";
  if (risk === undefined) return { strategy: "direct", rule: "default", threshold, why: neither };
  const over = risk.probability > threshold;
  const [driver] = risk.drivers;
  const because = !over || driver === undefined ? "" : `, first of all because: ${driver.text}`;
  const figures = `the risk of ${figure(risk.probability, threshold)} is ${over ? "" : "not "}over the threshold of ${threshold} (${set?.path ?? "the default"})`;
  return over
    ? { strategy: "canary", rule: "learnt", threshold, why: `${figures}${because}` }
    : { strategy: "direct", rule: "default", threshold, why: `${neither}, and ${figures}` };
};

/** With as many digits as it takes to see on which side of the threshold it is. */
const figure = (probability: number, threshold: number): string => {
  for (let digits = 2; digits < 9; digits++) {
    const text = probability.toFixed(digits);
    if (Number(text) > threshold === probability > threshold) return String(Number(text));
  }
  return String(probability);
};

const carriedOut = (
  { engine, canRoll, isFirst }: Question,
  wish: Wish,
): Either.Either<Chosen, Refused> => {
  const { strategy, why } = wish;
  if (strategy === "direct") return Either.right(wish);
  if (Option.isNone(engine) && wish.rule !== "learnt") {
    return Either.left(
      new Refused({
        reason: "engine_unavailable",
        message: `${why}, but ${noEngine}`,
        advice: `Install ${engines}, or deploy with --strategy direct.`,
      }),
    );
  }
  const hindrance = isFirst
    ? "it is the first deploy, which has nothing to be compared with"
    : !canRoll
      ? "nothing in the set can be rolled out in steps"
      : Option.isNone(engine)
        ? noEngine
        : undefined;
  if (hindrance === undefined) return Either.right(wish);
  return Either.right({
    ...wish,
    strategy: "direct",
    wanted: strategy,
    why: `${why}; direct all the same, since ${hindrance}`,
    warning: `a ${strategy} was wanted (${why}), but ${hindrance}: deployed directly`,
  });
};

const engines = "Argo Rollouts or Kulta";
const noEngine = `there is no rollout engine that nopea could use (install ${engines})`;
