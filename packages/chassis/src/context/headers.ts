/** Names a request in every log line, on the answer and on outgoing calls. */
export const REQUEST_ID_HEADER = 'x-request-id';
/** How many milliseconds the caller still waits. A duration, because the clocks of two machines differ. */
export const DEADLINE_HEADER = 'x-deadline-ms';
/** Proves which service calls. */
export const SERVICE_KEY_HEADER = 'x-service-key';
