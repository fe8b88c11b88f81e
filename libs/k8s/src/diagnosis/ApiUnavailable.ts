/** api_unavailable: a webhook or the API server itself could not answer; trying again may help. */

/** A webhook could not be reached, or did not answer. */
export const isWebhook = (text: string): boolean =>
  /failed calling (?:\w+ )?webhook|failed to call webhook/.test(text);

/** The API server is well: what serves the webhook isn't. */
export const webhookAdvice =
  "Look at what serves the webhook that the message names (its Service, pods and certificate), or remove its configuration; then deploy again.";

/** A webhook that can't be called, a quota that is not counted yet: said in refusals of any code. */
export const says = (text: string): boolean =>
  isWebhook(text) || /status unknown for quota/.test(text);

/** What a controller quotes where its request failed; of an answer to us the code says it. */
export const mayMean = (text: string): boolean =>
  /internal error occurred|context deadline exceeded|too many requests|etcdserver|timed? ?out|connection refused/i.test(
    text,
  );
