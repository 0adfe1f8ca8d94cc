/** Errors that happen before a connection exists. */
const BEFORE_SENDING: ReadonlySet<string> = new Set(['connect', 'getaddrinfo']);

/** Whether the connection failed, so that the provider never got the request. */
export function wasNotSent(error: Error): boolean {
  // A name with several addresses fails with all their errors.
  if (error instanceof AggregateError) return (error.errors as Error[]).every(wasNotSent);
  if ('code' in error && error.code === 'UND_ERR_CONNECT_TIMEOUT') return true;
  return 'syscall' in error && BEFORE_SENDING.has(String(error.syscall));
}
