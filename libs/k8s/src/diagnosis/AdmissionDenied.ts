/**
 * admission_denied: a policy, a webhook or one of the API server's own admission plugins (limit
 * ranges, pod security, service accounts, priority classes) refuses the pods.
 */
const words: ReadonlyArray<RegExp> = [
  /admission webhook .* denied the request/is,
  /ValidatingAdmissionPolicy .* denied request/is,
  /violates PodSecurity/i,
  /(?:maximum|minimum) .*(?:usage|limit)|limit\/request ratio/i,
  /serviceaccount "?[^"\s]*"? not found|error looking up service account/i,
  /no PriorityClass with name|PriorityClass .* not found/i,
  /security context constraint/i,
  /RuntimeClass .* not found|pod rejected/i,
  /denied by|is forbidden/i,
];

export const says = (text: string): boolean => words.some((word) => word.test(text));
