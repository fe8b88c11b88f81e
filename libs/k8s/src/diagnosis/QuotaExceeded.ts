/** quota_exceeded: a ResourceQuota has no room; someone may free some. */
export const says = (text: string): boolean =>
  /exceeded quota|failed quota|quota exceeded/i.test(text);

/** The figures of `exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2`. */
export const figures = (text: string): string | undefined =>
  /(?:exceeded|failed) quota: .*/i.exec(text)?.[0];
