/** What has been told already: nothing is said twice, and of no object more than four times a second. */
import { isAlwaysReady } from "../readiness/Readiness.js";
import type { Sign } from "../diagnosis/Sign.js";
import type { StandingSign } from "./Decision.js";
import { ofSign } from "./Finding.js";
import type { PodJudgement, TargetJudgement } from "./Judge.js";
import type { Observation } from "./Observation.js";

export type Degraded = Extract<Observation, { readonly type: "degraded" }>;

const EVERY_MS = 250;

/** One for each pod, container and reason. */
export const signKey = (
  target: TargetJudgement,
  pod: PodJudgement | undefined,
  sign: Sign,
): string => `${target.key} ${pod?.uid ?? ""} ${sign.container ?? ""} ${sign.reason}`;

const textOf = (target: TargetJudgement): string =>
  `${String(target.readiness.ready)} ${target.readiness.message}`;

export class Telling {
  private readonly lacks = new Set<string>();
  private readonly signs = new Set<string>();
  private readonly said = new Map<string, { readonly at: number; readonly text: string }>();

  degraded(what: Degraded["what"], message: string): ReadonlyArray<Observation> {
    if (this.lacks.has(what)) return [];
    this.lacks.add(what);
    return [{ type: "degraded", what, message }];
  }

  /** `last`: nothing will be said after this, so that nothing may be held back. */
  objects(
    targets: ReadonlyArray<TargetJudgement>,
    now: number,
    last: boolean,
  ): ReadonlyArray<Observation> {
    return targets.flatMap((target): ReadonlyArray<Observation> => {
      // Nobody waits for it, so that there is nothing to tell.
      if (isAlwaysReady(target.ref)) return [];
      const before = this.said.get(target.key);
      const text = textOf(target);
      if (before?.text === text) return [];
      if (before !== undefined && !last && now - before.at < EVERY_MS) return [];
      this.said.set(target.key, { at: now, text });
      const { ready, message } = target.readiness;
      return [{ type: "object", object: target.ref, ready, message }];
    });
  }

  /** When what was held back may be said, in milliseconds. */
  untold(targets: ReadonlyArray<TargetJudgement>): ReadonlyArray<number> {
    return targets.flatMap((target) => {
      const before = this.said.get(target.key);
      return before === undefined || before.text === textOf(target) ? [] : [before.at + EVERY_MS];
    });
  }

  findings(signs: ReadonlyArray<StandingSign>): ReadonlyArray<Observation> {
    return signs.flatMap((item): ReadonlyArray<Observation> => {
      const key = signKey(item.target, item.pod, item.sign);
      if (this.signs.has(key)) return [];
      this.signs.add(key);
      return [{ type: "finding", finding: ofSign(item) }];
    });
  }
}
