import { formatReason } from './errors.js';

/** A resource cannot be used now: its server is down, or all connections are in use. Answered with 503. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
  readonly statusCode = 503;

  constructor(
    /** The name of the resource. */
    readonly resource: string,
    cause: unknown,
  ) {
    super(`${resource} cannot be used: ${formatReason(cause)}`, { cause });
  }
}
