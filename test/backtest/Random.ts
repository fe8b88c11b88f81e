/** Chance that a seed decides: the same history from the same seed, on every machine (mulberry32). */
export interface Random {
  /** In [0, 1). */
  readonly next: () => number;
  readonly normal: () => number;
  readonly exponential: (mean: number) => number;
  /** By weight. */
  readonly pick: <A>(choices: ReadonlyArray<readonly [A, number]>) => A;
  readonly below: (n: number) => number;
}

export const seeded = (seed: number): Random => {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    exponential: (mean) => -mean * Math.log(1 - next()),
    below: (n) => Math.floor(next() * n),
    pick: (choices) => {
      let left = next() * choices.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [choice, weight] of choices) if ((left -= weight) < 0) return choice;
      const last = choices.at(-1);
      if (last === undefined) throw new Error("nothing to pick from");
      return last[0];
    },
  };
};
