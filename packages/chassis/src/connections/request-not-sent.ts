/** What happens before there is a connection. */
const BEFORE_SENDING: ReadonlySet<string> = new Set(['connect', 'getaddrinfo']);

/** Whether there was no connection, so that the provider saw nothing of the request. */
export function wasNotSent(error: Error): boolean {
  // A name with several addresses fails with all their errors.
  if (error instanceof AggregateError) return (error.errors as Error[]).every(wasNotSent);
  if ('code' in error && error.code === 'UND_ERR_CONNECT_TIMEOUT') return true;
  return 'syscall' in error && BEFORE_SENDING.has(String(error.syscall));
}
