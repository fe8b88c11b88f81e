/**
 * image_pull_denied: the registry wants credentials, or does not accept those it got. Registries
 * that hide what they have say "does not exist or may require authorization": that is here too,
 * for a missing login is the likelier cause and the words name it.
 */
const words: ReadonlyArray<RegExp> = [
  /(?:pull |requested )?access (?:to the resource |to the requested resource )?(?:is |was )?(?:denied|forbidden|not authorized)/i,
  /\bdenied:/i,
  /\bis denied\b/i,
  /permission "?[\w.]+"? denied on/i,
  /\bunauthori[sz]ed\b/i,
  /\bforbidden\b/i,
  /\b40[13]\b/,
  /not authorized/i,
  /authori[sz]ation (?:failed|required|token has expired)/i,
  /authentication (?:is )?(?:required|failed)/i,
  /failed to authorize/i,
  /insufficient[_ ]scope/i,
  /no basic auth credentials/i,
  /(?:error|failed|unable).*(?:getting|get|retrieve|retrieving|resolve|obtain).*credential/i,
  /(?:invalid|incorrect|bad) (?:username|credentials?|token|password)/i,
  /may require (?:'docker login'|authori[sz]ation|authentication)/i,
  /AccessDenied(?:Exception)?/,
];

export const says = (text: string): boolean => words.some((word) => word.test(text));
