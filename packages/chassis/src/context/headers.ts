/** Names a request in every log line, on the answer and on outgoing calls. */
export const REQUEST_ID_HEADER = 'x-request-id';
/** How many milliseconds the caller still waits. A duration, because the clocks of two machines differ. */
export const DEADLINE_HEADER = 'x-deadline-ms';
/** On a call that repeats one that failed: who is called then repeats nothing itself. */
export const RETRY_HEADER = 'x-retry-attempt';
/** `false` on an answer that repeating does not help: what failed is behind it, and was repeated there. */
export const SHOULD_RETRY_HEADER = 'x-should-retry';
/** Proves which service calls. */
export const SERVICE_KEY_HEADER = 'x-service-key';
