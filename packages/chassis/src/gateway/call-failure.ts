import type { FastifyReply } from 'fastify';
import { wasNotSent } from '../connections/request-not-sent.js';
import { shortenToDeadline } from '../context/deadline.js';
import { formatReason } from '../errors/errors.js';
import { STATUS_CODES } from '../errors/status-codes.js';
import { UnusableAnswerError } from './buffered-answer.js';
import { ProviderCall, ProviderTimeoutError } from './transport.js';

/** Undefined if the caller does not wait any more. */
export function beginCall(reply: FastifyReply, limitMs: number): ProviderCall | undefined {
  const limit = shortenToDeadline(limitMs);
  if (limit < 1) return undefined;
  const call = new ProviderCall(limit);
  reply.raw.once('close', () => call.callerIsGone());
  return call;
}

/** The caller's own deadline has passed. Neither the gateway nor the provider is at fault. */
export function answerNoTime(reply: FastifyReply, service: string): void {
  const message = `${service} was not called: the caller's deadline has passed`;
  reply.log.info({ provider: service }, message);
  void reply.code(504).send({ statusCode: 504, error: STATUS_CODES[504], message, service });
}

/** The original error: those of the proxy contain no addresses, but no reasons either. */
export function causeOf(error: Error): Error {
  return error.cause instanceof Error ? error.cause : error;
}

/** Unlike other answers from 500 on, it says what failed: the service's name, but not its address. */
export function answerFailure(reply: FastifyReply, service: string, error: Error): void {
  const { statusCode, message } = failureOf(service, error);
  reply.log.error({ provider: service, reason: formatReason(error) }, message);
  if (statusCode === 503) reply.header('retry-after', '1');
  // The rest of the body is not waited for.
  if (!reply.request.raw.complete) reply.header('connection', 'close');
  void reply
    .code(statusCode)
    .send({ statusCode, error: STATUS_CODES[statusCode], message, service });
}

export function failureOf(service: string, error: Error): { statusCode: number; message: string } {
  if (error instanceof ProviderTimeoutError) {
    return { statusCode: 504, message: `${service} did not answer in time` };
  }
  if (error instanceof UnusableAnswerError) {
    return { statusCode: 502, message: `${service} ${error.message}` };
  }
  if (wasNotSent(error)) return { statusCode: 503, message: `${service} cannot be reached` };
  return { statusCode: 502, message: `${service} broke off` };
}
