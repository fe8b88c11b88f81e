/** How many of the planted pairs of generated histories are found, and how many that aren't there. */
import { setImmediate } from "node:timers/promises";
import { generate, type Profile } from "./Generated.js";
import { Nopea } from "./Nopea.js";
import { replay } from "./Replay.js";

export interface Found {
  readonly right: number;
  readonly wrong: number;
  readonly missed: number;
}

/** Pooled over so many seeds, from 1. Between them others have a turn: each takes seconds. */
export const plantedFound = async (profile: Profile, seeds: number): Promise<Found> => {
  let found: Found = { right: 0, wrong: 0, missed: 0 };
  for (let seed = 1; seed <= seeds; seed++) {
    await setImmediate();
    const { deploys, pairs } = generate(seed, profile);
    const nopea = new Nopea();
    replay(deploys, nopea);
    const patterns = nopea.patterns();
    const right = patterns.filter(({ service, when }) =>
      pairs.some(({ before, after }) => before === when && after === service),
    ).length;
    found = {
      right: found.right + right,
      wrong: found.wrong + patterns.length - right,
      missed: found.missed + pairs.length - right,
    };
  }
  return found;
};
