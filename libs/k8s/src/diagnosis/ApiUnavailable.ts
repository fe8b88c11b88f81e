/** api_unavailable: a webhook or the API server itself could not answer; controllers try again. */
export const says = (text: string): boolean =>
  /failed (?:calling|to call) webhook|internal error occurred|context deadline exceeded|too many requests|etcdserver|timed? ?out|connection refused|status unknown for quota/i.test(
    text,
  );
