/**
 * All that is known of a deploy before it begins. Whatever is absent is not known, and speaks
 * neither for failure nor against it.
 */
import type { ChangeFacts } from "../Lesson.js";

export interface Situation {
  readonly service: string;
  readonly namespace: string;
  /** When it begins, in milliseconds since the epoch. */
  readonly at: number;
  readonly change?: ChangeFacts | undefined;
  /** Asked for by a pipeline or an agent. */
  readonly bot?: boolean | undefined;
  /** It is itself a step back to an earlier version. */
  readonly isRevert?: boolean | undefined;
  /** Milliseconds since the service's last deploy began; absent for its first. */
  readonly gapMs?: number | undefined;
  /** Other services of the namespace that began a deploy within the hour before; distinct. */
  readonly together: ReadonlyArray<string>;
  /** Whether the service's last outcomes were failures: oldest first, at most three. */
  readonly lastFailed: ReadonlyArray<boolean>;
}

/** How many of `edges` (ascending) the value has reached. */
const band = (value: number, edges: ReadonlyArray<number>): number => {
  let index = 0;
  for (const edge of edges) if (value >= edge) index += 1;
  return index;
};

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A situation in the few words whose failure rates are kept; bands where it has figures. */
export interface Words {
  readonly service: string;
  readonly namespace: string;
  readonly kind?: string;
  readonly semver?: string;
  readonly lines?: string;
  readonly objects?: string;
  readonly who?: string;
  readonly direction?: string;
  /** Time since the last deploy: in bands that double from a minute; within the hour, the day or not. */
  readonly gap?: string;
  readonly pace?: string;
  readonly together: string;
  /** The last two outcomes: `F` failed, `o` did not. */
  readonly last?: string;
}

export const wordsOf = (situation: Situation): Words => {
  const { change, bot, isRevert, gapMs, lastFailed } = situation;
  const outcomes = lastFailed.map((failed) => (failed ? "F" : "o")).join("");
  return {
    service: `${situation.namespace}/${situation.service}`,
    namespace: situation.namespace,
    together: String(band(situation.together.length, [1, 2, 4, 9])),
    ...(change && {
      kind: change.kind,
      semver: change.semver,
      lines: String(band(change.lines, [2, 5, 15, 50, 200])),
      objects: String(band(change.objects, [2, 3, 6, 15])),
    }),
    ...(bot !== undefined && { who: bot ? "bot" : "human" }),
    ...(isRevert !== undefined && { direction: isRevert ? "back" : "on" }),
    ...(gapMs !== undefined && {
      gap: String(Math.floor(Math.log2(1 + Math.max(0, gapMs) / MINUTE))),
      pace: String(band(gapMs / HOUR, [1, 24])),
    }),
    ...(outcomes !== "" && { last: outcomes.slice(-2) }),
  };
};
