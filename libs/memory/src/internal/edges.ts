/**
 * How the weights of edges fade. A weight is kept as if at a fixed instant: an observation at `t`
 * adds 2^((t - instant) / half-life), so that adding and taking back are plain sums in any order,
 * and what is left of it at another time is one multiplication, done when it is read.
 */

/** Half of what was seen two months ago counts. In milliseconds. */
export const halfLifeMs = 60 * 86_400_000;

/** 2020-01-01: weights stay within a double's range for two centuries on either side. */
const instant = 1_577_836_800_000;

/** What one observation at `at` adds. */
export const weightAt = (at: number): number => 2 ** ((at - instant) / halfLifeMs);

/** What a kept weight counts at `at`; never negative, whatever was taken back. */
export const fadedTo = (weight: number, at: number): number =>
  Math.max(0, weight) * 2 ** ((instant - at) / halfLifeMs);
