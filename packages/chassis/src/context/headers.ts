/** Identifies a request: in every log line, on the answer and on outgoing calls. */
export const REQUEST_ID_HEADER = 'x-request-id';
/** For how many more milliseconds the caller waits. A duration, because the clocks of two machines differ. */
export const DEADLINE_HEADER = 'x-deadline-ms';
/** On a call that the caller will retry if it fails: the provider then makes no retries of its own. */
export const RETRY_HEADER = 'x-retry-attempt';
/**
 * `false` on an answer if a retry does not help: a service further behind failed, and the call to it was already
 * retried.
 */
export const SHOULD_RETRY_HEADER = 'x-should-retry';
/** The key that proves which service calls. */
export const SERVICE_KEY_HEADER = 'x-service-key';
