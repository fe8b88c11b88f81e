/**
 * What can be said of a service before a deploy where there is no store: by the same learner, over
 * the service's own outcomes as its ledger has them. Of other services nothing is known then, and
 * nothing is said: neither what was deployed with it, nor what it fails after.
 */
import { type DeployContext, Evidence, type Reason, Timestamp } from "@nopea/domain";
import type { DeployRow } from "@nopea/store";
import { recommendationsOf } from "./internal/advice.js";
import * as Edges from "./internal/edges.js";
import * as Patterns from "./internal/patterns.js";
import * as Lesson from "./Lesson.js";
import type { Ask } from "./Memory.js";
import * as Drivers from "./risk/Drivers.js";
import * as Features from "./risk/Features.js";
import * as Model from "./risk/Model.js";
import * as Rates from "./risk/Rates.js";
import type { Situation } from "./risk/Situation.js";

interface Told {
  readonly row: DeployRow.DeployRow;
  readonly lesson: Lesson.Lesson;
}

/** `rows`: the service's, in any order; `learnAfter`: up to which they are history, never lessons. */
export const context = (
  place: Pick<DeployContext.DeployContext, "service" | "namespace">,
  rows: ReadonlyArray<DeployRow.DeployRow>,
  learnAfter: string | undefined,
  ask: Ask,
): DeployContext.DeployContext => {
  const told = toldBy(rows, learnAfter);
  const lessons = told.map(({ lesson }) => lesson);
  const { service, namespace } = place;
  const newest = told.slice(0, Patterns.outcomesListed);
  const situation: Situation = {
    service,
    namespace,
    at: ask.at,
    change:
      ask.change === "last"
        ? lessons.find(({ change }) => change !== undefined)?.change
        : ask.change,
    bot: ask.bot,
    isRevert: ask.isRevert ?? false,
    ...before(lessons, ask.at),
    together: [],
  };
  const { model, rates } = learnt(place, lessons);
  const read = (key: string) => rates.get(key);
  const assessment = Model.assess(model, situation, read, []);
  const all = tallyOf(lessons);
  const said = newest.slice(0, Drivers.outcomesSaid).map(({ lesson }) => lesson);
  const drivers = Drivers.driversOf(assessment, situation, {
    last: {
      ...tallyOf(said),
      reasons: said.flatMap(({ reason }) => (reason === undefined ? [] : [reason])),
    },
    namespace: { deploys: 0, failed: 0 },
    cluster: all,
    route:
      ask.bot === undefined ? undefined : tallyOf(lessons.filter(({ bot }) => bot === ask.bot)),
    change: situation.change && Drivers.suchChanges(rates, situation.change, ask.at),
    patterns: new Map(),
  });
  const known = lessons.length > 0;
  const base = {
    ...place,
    known,
    risk: {
      probability: assessment.probability,
      drivers: ofItself(drivers, all),
      basedOn: { service: all.deploys, namespace: all.deploys, cluster: all.deploys },
    },
    failurePatterns: failurePatterns(told, ask.at),
    conditionalPatterns: [],
    dependencies: [],
    lastOutcomes: newest.map(({ row, lesson }) => ({
      deployId: lesson.id,
      at: Timestamp.fromMillis(lesson.startedAt),
      outcome: row.outcome ?? (lesson.failed ? ("failed" as const) : ("completed" as const)),
      ...(lesson.reason === undefined ? {} : { reason: lesson.reason }),
      strategy: lesson.strategy,
    })),
    ...(learnAfter === undefined ? {} : { learnAfter }),
  };
  // Of what could be imported: without a store there is nowhere to keep it.
  const recommendations = known ? recommendationsOf(base, ask.at, new Map()) : [];
  return { ...base, recommendations };
};

/** Those that teach something, the one that began last first. */
const toldBy = (rows: ReadonlyArray<DeployRow.DeployRow>, learnAfter = ""): ReadonlyArray<Told> =>
  rows
    .flatMap((row) => {
      const lesson = row.id <= learnAfter ? undefined : Lesson.fromRow(row);
      return lesson === undefined ? [] : [{ row, lesson }];
    })
    .sort((a, b) => b.lesson.startedAt - a.lesson.startedAt || (a.row.id < b.row.id ? 1 : -1));

type Lessons = ReadonlyArray<Lesson.Lesson>;

const tallyOf = (lessons: Lessons): Drivers.Tally => ({
  deploys: lessons.length,
  failed: lessons.filter(({ failed }) => failed).length,
});

const inOrderOfReveal = (lessons: Lessons): Lessons =>
  lessons.toSorted((a, b) => a.revealedAt - b.revealedAt || (a.id < b.id ? -1 : 1));

/** What of the service a deploy that begins then comes after. */
const before = (lessons: Lessons, at: number): Pick<Situation, "gapMs" | "lastFailed"> => {
  const last = lessons.find(({ startedAt }) => startedAt < at);
  return {
    gapMs: last === undefined ? undefined : at - last.startedAt,
    lastFailed: inOrderOfReveal(lessons.filter(({ revealedAt }) => revealedAt <= at))
      .slice(-3)
      .map(({ failed }) => failed),
  };
};

const learnt = (place: Pick<Situation, "service" | "namespace">, lessons: Lessons) => {
  const rates = new Map<string, Rates.Rate>();
  let model = Model.initial;
  for (const lesson of inOrderOfReveal(lessons)) {
    const { startedAt: at, failed } = lesson;
    const situation: Situation = {
      ...place,
      at,
      change: lesson.change,
      bot: lesson.bot,
      isRevert: lesson.isRevert,
      ...before(lessons, at),
      together: [],
    };
    const weight = Lesson.weightOf(lesson);
    model = Model.learn(model, situation, (key) => rates.get(key), [], failed, weight);
    for (const key of Features.keysOf(situation))
      rates.set(key, Rates.add(rates.get(key), key, at, Number(failed), weight));
  }
  return { model, rates };
};

type DriverList = DeployContext.DeployContext["risk"]["drivers"];

/** Where others' deploys aren't known, that there were none can't be said: it goes to the base. */
const ofItself = (drivers: DriverList, { deploys, failed }: Drivers.Tally): DriverList => {
  const together = drivers.find(({ name }) => name === "together")?.logOdds ?? 0;
  return drivers
    .filter(({ name }) => name !== "together")
    .map((driver) =>
      driver.name !== "base"
        ? driver
        : {
            ...driver,
            logOdds: driver.logOdds + together,
            text:
              deploys === 0
                ? "its ledger has no outcome yet: what other clusters' deploys show"
                : `${failed} of the ${deploys} deploys in its ledger failed; of other services nothing is known`,
          },
    );
};

const failurePatterns = (
  told: ReadonlyArray<Told>,
  at: number,
): ReadonlyArray<DeployContext.FailurePattern> => {
  const weight = (some: ReadonlyArray<Told>, of: (lesson: Lesson.Lesson) => number) =>
    some.reduce((sum, { lesson }) => sum + of(lesson) * Edges.weightAt(lesson.startedAt), 0);
  const deploys = weight(told, () => 1);
  const failed = told.filter(({ lesson }) => lesson.failed);
  const reasons = new Set(failed.flatMap(({ lesson }) => lesson.reason ?? []));
  return [...reasons]
    .map((error: Reason.Reason): DeployContext.FailurePattern => {
      const broken = failed.filter(({ lesson }) => lesson.reason === error);
      return {
        error,
        confidence: Patterns.confidenceOf(weight(broken, Lesson.weightOf), deploys, at),
        observations: broken.length,
        evidence: broken.slice(0, Patterns.evidenceListed).map(({ row, lesson }) => {
          const text = row.result?.error?.message;
          return {
            deployId: lesson.id,
            at: Timestamp.fromMillis(lesson.startedAt),
            ...(text === undefined ? {} : { text: Evidence.clean(text, Patterns.evidenceLength) }),
          };
        }),
      };
    })
    .filter(({ confidence }) => confidence >= Patterns.floor)
    .sort((a, b) => b.confidence - a.confidence || (a.error < b.error ? -1 : 1))
    .slice(0, Patterns.patternsListed);
};
