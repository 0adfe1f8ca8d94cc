import { Code, ConnectError } from '@connectrpc/connect';
import { unreachable, type FailedOutcome } from '../calls/call-outcome.js';
import { wasNotSent } from '../connections/request-not-sent.js';
import { SHOULD_RETRY_HEADER } from '../context/headers.js';
import { codeName, statusOf } from './codes.js';

/** What a failed attempt means. @throws the error itself if it is about the request, such as a message of a wrong shape. */
export function judgeConnectError(
  error: unknown,
  limitMs: number,
  grantedMs: number,
): FailedOutcome {
  if (!(error instanceof ConnectError)) throw error;
  const root = rootOf(error);
  if (root instanceof Error) {
    const notSent = wasNotSent(root) || isRefusedStream(root);
    return { ...unreachable(root, notSent), cause: error };
  }
  if (isStreamReset(error)) {
    return { ...unreachable(error, isRefusedStream(error)), cause: error };
  }
  if (error.code === Code.DeadlineExceeded) {
    const cutShort = limitMs < grantedMs / 2;
    return { failure: { kind: 'timeout', timeoutMs: limitMs }, cause: error, cutShort };
  }
  return {
    failure: { kind: 'refused', status: statusOf(error.code), code: codeName(error.code) },
    cause: error,
    isFinal: error.metadata.get(SHOULD_RETRY_HEADER) === 'false',
  };
}

/** The error of Node that it comes from; undefined if the provider answered with it. */
function rootOf(error: ConnectError): unknown {
  let root = error.cause;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  return root instanceof Error && 'code' in root && typeof root.code === 'string'
    ? root
    : undefined;
}

/** Connect names the code of HTTP/2 only in the text. A provider's own text never has this form with its own code. */
function isStreamReset({ rawMessage }: ConnectError): boolean {
  return rawMessage.startsWith('http/2 stream closed with error code ');
}

/** The provider did not begin with it: RFC 9113, 8.7. */
function isRefusedStream({ message }: Error): boolean {
  return message.includes('REFUSED_STREAM');
}
