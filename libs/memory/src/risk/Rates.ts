/**
 * Failure rates that fade: how many outcomes there were and how many of them failed, each counted
 * the less the older it is. Adding is commutative (an outcome that arrives late is weighed down by
 * its age), and a negative weight takes an outcome back, both exact up to floating point.
 */
export interface Rate {
  /** The newest outcome's time, to which the counts are decayed; milliseconds since the epoch. */
  readonly at: number;
  readonly longN: number;
  readonly longF: number;
  readonly shortN: number;
  readonly shortF: number;
}

/**
 * A rate that is written to: `add` and `asOf` make a new one, or fill this one, which may be the
 * one they read. Whoever learns by the thousand spares as many objects.
 */
export type Mutable = { -readonly [Key in keyof Rate]: Rate[Key] };

export const nothing = (): Mutable => ({ at: 0, longN: 0, longF: 0, shortN: 0, shortF: 0 });

/** Reads what is kept under a key of `keysOf`. */
export type Rates = (key: string) => Rate | undefined;

export interface Counts {
  readonly n: number;
  readonly f: number;
}

const DAY = 86_400_000;

/** Half-lives in milliseconds. Years for what a thing is like, six weeks for how it is of late. */
interface HalfLives {
  readonly long: number;
  readonly short: number;
}
const usual: HalfLives = { long: 1500 * DAY, short: 45 * DAY };

/** The cluster's own rate is kept at several paces: it drifts, and everything else is measured against it. */
export const CLUSTER = "cluster";
export const CLUSTER_MONTH = "cluster:month";
const cluster: HalfLives = { long: 1500 * DAY, short: 180 * DAY };
const clusterMonth: HalfLives = { long: 30 * DAY, short: 7 * DAY };

const halfLivesOf = (key: string): HalfLives =>
  key === CLUSTER ? cluster : key === CLUSTER_MONTH ? clusterMonth : usual;

const decay = (age: number, halfLife: number): number => Math.exp((-Math.LN2 * age) / halfLife);

const fade = (age: number, halfLife: number): number => (age <= 0 ? 1 : decay(age, halfLife));

/**
 * The rate with one more outcome. `failed` is 1 for a failure, 0 for a success, and between them
 * where a failure has another cause too; `weight` says how much the outcome counts at all.
 */
export const add = (
  rate: Rate | undefined,
  key: string,
  at: number,
  failed: number,
  weight: number,
  into: Mutable = nothing(),
): Mutable => {
  const { long, short } = halfLivesOf(key);
  const old = rate ?? { at, longN: 0, longF: 0, shortN: 0, shortF: 0 };
  const newest = Math.max(old.at, at);
  const keepLong = fade(newest - old.at, long);
  const keepShort = fade(newest - old.at, short);
  const addLong = weight * fade(newest - at, long);
  const addShort = weight * fade(newest - at, short);
  into.longN = old.longN * keepLong + addLong;
  into.longF = old.longF * keepLong + addLong * failed;
  into.shortN = old.shortN * keepShort + addShort;
  into.shortF = old.shortF * keepShort + addShort * failed;
  into.at = newest;
  return into;
};

/**
 * Looking back further than so many half-lives, what was taken back since leaves more by rounding
 * (2^-53 of it) than there is left to find: then a count says nothing.
 */
const HALF_LIVES_BACK = 32;

const unfaded = (age: number, halfLife: number): number =>
  age < -HALF_LIVES_BACK * halfLife ? 0 : decay(age, halfLife);

/** The same counts as they stand at another instant, which may lie before the newest outcome's. */
export const asOf = (rate: Rate, key: string, at: number, into: Mutable = nothing()): Mutable => {
  const { long, short } = halfLivesOf(key);
  const age = at - rate.at;
  const keepLong = unfaded(age, long);
  const keepShort = unfaded(age, short);
  into.longN = rate.longN * keepLong;
  into.longF = rate.longF * keepLong;
  into.shortN = rate.shortN * keepShort;
  into.shortF = rate.shortF * keepShort;
  into.at = at;
  return into;
};

const none: Counts = { n: 0, f: 0 };

/** How much of its counts is left at an instant. */
export const keptLong = (rate: Rate, key: string, at: number): number =>
  fade(at - rate.at, halfLivesOf(key).long);
export const keptShort = (rate: Rate, key: string, at: number): number =>
  fade(at - rate.at, halfLivesOf(key).short);

/** Of a count, and of the failures among what is left; never negative, whatever was taken back. */
export const leftOf = (count: number, kept: number): number => Math.max(0, count * kept);
export const failedOf = (failed: number, kept: number, left: number): number =>
  Math.min(left, Math.max(0, failed * kept));

/** What is left of the counts at an instant. */
export const longAt = (rate: Rate | undefined, key: string, at: number): Counts =>
  rate === undefined ? none : faded(rate.longN, rate.longF, keptLong(rate, key, at));

export const shortAt = (rate: Rate | undefined, key: string, at: number): Counts =>
  rate === undefined ? none : faded(rate.shortN, rate.shortF, keptShort(rate, key, at));

const faded = (count: number, failed: number, kept: number): Counts => {
  const n = leftOf(count, kept);
  return { n, f: failedOf(failed, kept, n) };
};
