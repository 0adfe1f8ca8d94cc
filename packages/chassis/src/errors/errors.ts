import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ServiceCallError } from '../calls/service-call-error.js';
import { SHOULD_RETRY_HEADER } from '../context/headers.js';
import { remainingMs } from '../context/request-context.js';
import { hideSecrets } from './hide-secrets.js';
import { STATUS_CODES } from './status-codes.js';

/** An error answer: `throw new HttpError(404, 'order 12 does not exist')`. */
export class HttpError extends Error {
  override readonly name = 'HttpError';

  constructor(
    /** 400 to 599. From 500 on, the message is only in the log. */
    readonly statusCode: number,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A package that a feature needs is not installed. */
export class MissingPackageError extends Error {
  override readonly name = 'MissingPackageError';

  constructor(
    readonly packages: readonly string[],
    feature: string,
    options?: ErrorOptions,
  ) {
    super(
      `${feature} needs ${packages.join(', ')}; install with: npm install ${packages.join(' ')}`,
      options,
    );
  }
}

/**
 * For the `catch` of a lazy import, so that the error names both the missing package and what needs it: `await
 * import('prom-client').catch(missingPackage('METRICS=on', 'prom-client'))`.
 */
export function missingPackage(feature: string, ...packages: string[]): (error: unknown) => never {
  return (error) => {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') {
      throw new MissingPackageError(packages, feature, { cause: error });
    }
    throw error;
  };
}

/** Why something failed, in one line, without credentials of URLs. For `/ready` and log messages. */
export function formatReason(error: unknown): string {
  return hideSecrets(reasonOf(error)).replace(/\s+/g, ' ').trim();
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // For a name with several addresses, Node's error has a list of errors and no message.
  if (error instanceof AggregateError && error.errors.length > 0 && error.message === '') {
    return reasonOf(error.errors[0]);
  }
  if (error.message !== '') return error.message;
  return 'code' in error ? String(error.code) : error.name;
}

/** Answers errors in the format of Fastify's own answers. From 500 on, the answer contains nothing of the error. */
export function errorAnswers(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(error, request, reply));
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const statusCode = statusOf(error, reply);
  // We have already retried the call that failed. If our caller retried as well, the number of calls would multiply.
  if (error instanceof ServiceCallError) reply.header(SHOULD_RETRY_HEADER, 'false');
  const isCallersDeadline = statusCode === 504 && remainingMs() === 0;
  if (statusCode >= 500 && !isCallersDeadline) request.log.error({ err: error }, 'request failed');
  // The caller's mistake: where in the code it was noticed helps nobody.
  else request.log.info({ ...codeOf(error), reason: formatReason(error) }, 'request refused');
  const text = STATUS_CODES[statusCode] ?? 'Error';
  return reply.code(statusCode).send({
    statusCode,
    ...(statusCode < 500 && codeOf(error)),
    error: text,
    message: statusCode < 500 && error instanceof Error ? error.message : text,
  });
}

/** As in Fastify: the error's own status, or else that of the reply, or else 500. */
function statusOf(error: unknown, reply: FastifyReply): number {
  if (typeof error === 'object' && error !== null) {
    const { statusCode, status } = error as { statusCode?: unknown; status?: unknown };
    for (const code of [statusCode, status]) {
      if (typeof code === 'number' && code >= 400 && code <= 599) return code;
    }
  }
  return reply.statusCode >= 400 ? reply.statusCode : 500;
}

function codeOf(error: unknown): { code: string } | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? { code } : undefined;
}
