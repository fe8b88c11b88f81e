/**
 * Which of two resourceVersions is older. Kubernetes promises since 1.35 that they are decimal
 * numbers that grow; where one isn't, nothing is known and nothing is said to be older.
 */
const DECIMAL = /^[0-9]+$/;

const compare = (a: string | undefined, b: string | undefined): number | undefined => {
  if (a === undefined || b === undefined || !DECIMAL.test(a) || !DECIMAL.test(b)) return undefined;
  const difference = BigInt(a) - BigInt(b);
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
};

export const isOlder = (a: string | undefined, b: string | undefined): boolean =>
  compare(a, b) === -1;

export const isOlderOrSame = (a: string | undefined, b: string | undefined): boolean =>
  (compare(a, b) ?? 1) <= 0;
