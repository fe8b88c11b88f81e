/**
 * image_pull_failed: between the node and the registry something does not work now: names, routes,
 * certificates, rate limits, the registry itself. Also the reason of a pull that failed for a
 * cause that no list here knows.
 */
const words: ReadonlyArray<RegExp> = [
  /toomanyrequests|too many requests|rate.?limit|\b429\b/i,
  /no such host|server misbehaving|temporary failure in name resolution|dial tcp|\blookup \S+ (?:on|:)/i,
  /i\/o timeout|timed? ?out|deadline exceeded|handshake timeout|context canceled/i,
  /connection (?:refused|reset|timed out|closed)|no route to host|network is unreachable|broken pipe/i,
  /x509|certificate|tls:|http: server gave HTTP response/i,
  /unexpected EOF|\bEOF\b/,
  /\b50[0-9]\b|service unavailable|bad gateway|internal server error|gateway time-?out/i,
  /no space left|input\/output error|failed to (?:extract|register) layer|read-only file system/i,
  /RegistryUnavailable|proxyconnect/i,
];

export const says = (text: string): boolean => words.some((word) => word.test(text));
