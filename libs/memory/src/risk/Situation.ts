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
  while (index < edges.length && value >= (edges[index] as number)) index += 1;
  return index;
};

const LINES = [2, 5, 15, 50, 200];
const OBJECTS = [2, 3, 6, 15];
const HOURS = [1, 24];
const TOGETHER = [1, 2, 4, 9];

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A situation in the few words whose failure rates are kept; bands where it has figures. */
export interface Words {
  readonly service: string;
  readonly namespace: string;
  readonly kind: string | undefined;
  readonly semver: string | undefined;
  readonly lines: string | undefined;
  readonly objects: string | undefined;
  readonly who: string | undefined;
  readonly direction: string | undefined;
  /** Time since the last deploy: in bands that double from a minute; within the hour, the day or not. */
  readonly gap: string | undefined;
  readonly pace: string | undefined;
  readonly together: string;
  /** The last two outcomes: `F` failed, `o` did not. */
  readonly last: string | undefined;
}

/** Field by field, which is many times faster than by spread: of each lesson they are asked. */
export const wordsOf = (situation: Situation): Words => {
  const { change, bot, isRevert, gapMs, lastFailed } = situation;
  let last = "";
  for (let i = Math.max(0, lastFailed.length - 2); i < lastFailed.length; i++)
    last += lastFailed[i] ? "F" : "o";
  return {
    service: `${situation.namespace}/${situation.service}`,
    namespace: situation.namespace,
    kind: change?.kind,
    semver: change?.semver,
    lines: change && String(band(change.lines, LINES)),
    objects: change && String(band(change.objects, OBJECTS)),
    who: bot === undefined ? undefined : bot ? "bot" : "human",
    direction: isRevert === undefined ? undefined : isRevert ? "back" : "on",
    gap:
      gapMs === undefined
        ? undefined
        : String(Math.floor(Math.log2(1 + Math.max(0, gapMs) / MINUTE))),
    pace: gapMs === undefined ? undefined : String(band(gapMs / HOUR, HOURS)),
    together: String(band(situation.together.length, TOGETHER)),
    last: last === "" ? undefined : last,
  };
};
