import { Code, ConnectError } from '@connectrpc/connect';
import { ServiceCallError } from '../calls/service-call-error.js';
import { SHOULD_RETRY_HEADER } from '../context/headers.js';
import { STATUS_CODES } from '../errors/status-codes.js';
import { codeOf } from './codes.js';

/**
 * The error that the caller gets. As over HTTP: an `HttpError` keeps its meaning, from 500 on nothing of it is told,
 * and a call further behind that failed is not to be repeated, because it was.
 */
export function answerError(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  const status = httpStatusOf(error);
  if (status === undefined) return new ConnectError('Internal Server Error', Code.Internal);
  const text =
    status < 500 && error instanceof Error ? error.message : (STATUS_CODES[status] ?? 'Error');
  const isRepeated = error instanceof ServiceCallError;
  return new ConnectError(
    text,
    codeOf(status),
    isRepeated ? { [SHOULD_RETRY_HEADER]: 'false' } : undefined,
  );
}

function httpStatusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { statusCode, status } = error as { statusCode?: unknown; status?: unknown };
  return [statusCode, status].find(
    (one): one is number => typeof one === 'number' && one >= 400 && one <= 599,
  );
}

const NOT_THE_CALLERS: ReadonlySet<Code> = new Set([
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
]);

/** Whether somebody of the service has to look at it. */
export function isOurFault(code: Code): boolean {
  return NOT_THE_CALLERS.has(code);
}
