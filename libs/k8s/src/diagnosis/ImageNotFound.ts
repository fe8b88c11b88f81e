/** image_not_found: the registry answered, and has no such repository, tag, digest or layer. */
const words: ReadonlyArray<RegExp> = [
  /\bnot found\b/i,
  /\bcode = NotFound\b/i,
  /manifest[_ ]unknown/i,
  /name[_ ]unknown/i,
  /blob[_ ]unknown/i,
  /(?:Repository|Image|Layer)(?:s)?NotFound(?:Exception)?/,
  /\b404\b/,
  /no such (?:image|manifest|repository)/i,
  /\b(?:repository|image|tag|manifest|project|digest)\b.*\bdoes(?: not|n't) exist/i,
  /not known to registry/i,
  // quay.io
  /was deleted or has expired/i,
];

export const says = (text: string): boolean => words.some((word) => word.test(text));
