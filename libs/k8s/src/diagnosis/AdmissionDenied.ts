/**
 * admission_denied: a policy, a webhook or one of the API server's own admission plugins (limit
 * ranges, pod security, service accounts, priority classes) refuses an object.
 */

/** Whoever speaks so has looked at the object and refused it, whatever the code. */
export const says = (text: string): boolean =>
  /AdmissionPolicy '.*' .*denied request|admission webhook ".*" denied the request|violates PodSecurity|disallowed by cluster policy|unable to validate against any security context constraint/s.test(
    text,
  );

/** Plugins' words, which others use too: they decide where nothing else does. */
export const mayMean = (text: string): boolean => /is forbidden|denied by/i.test(text);
