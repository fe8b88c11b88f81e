/** image_reference_invalid: the reference can't be read, or forbids to be looked up. */

/** A reference that nothing but another spec mends. */
export const UNREADABLE = "InvalidImageName";

/** Waiting reasons that say it without a text. */
export const waitingReasons: ReadonlyArray<string> = [UNREADABLE, "ErrImageNeverPull"];

const words: ReadonlyArray<RegExp> = [
  /invalid reference format/i,
  /could(?:n't| not) parse (?:image|reference)/i,
  /failed to (?:apply default image tag|parse image|parse reference)/i,
  /repository name must (?:be lowercase|have at least one component|not be longer)/i,
  /invalid (?:tag format|checksum digest|image name|repository name|reference)/i,
  /unsupported digest algorithm/i,
  // CRI-O and Podman: a name without a registry that no configuration completes
  /short-name .*(?:did not resolve to an alias|resolution)/i,
  /is not present with pull policy of Never/i,
];

export const says = (text: string): boolean => words.some((word) => word.test(text));
