import type { FastifyBaseLogger } from 'fastify';
import { GraphQLError } from 'graphql';
import { formatReason, HttpError } from '../errors/errors.js';
import { STATUS_CODES } from '../errors/status-codes.js';

type ErrorLog = Pick<FastifyBaseLogger, 'info' | 'error'>;

/** The codes that clients of GraphQL know, by status: https://www.apollographql.com/docs/apollo-server/data/errors */
const CODES: Readonly<Record<number, string>> = {
  400: 'BAD_USER_INPUT',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  429: 'TOO_MANY_REQUESTS',
};

/**
 * The error that the caller gets. As over HTTP: an `HttpError` keeps its meaning, and from 500 on nothing of it is told.
 * The log has all of it.
 */
export function answerError(error: unknown, log: ErrorLog): GraphQLError {
  if (!(error instanceof GraphQLError)) return answerThrown(error, undefined, log);
  const { originalError } = error;
  // Of the query itself, such as a field that does not exist; or one that a resolver made for the caller.
  if (!originalError || originalError instanceof GraphQLError) return error;
  return answerThrown(originalError, error, log);
}

function answerThrown(
  thrown: unknown,
  located: GraphQLError | undefined,
  log: ErrorLog,
): GraphQLError {
  const statusCode = statusOf(thrown);
  const text = STATUS_CODES[statusCode] ?? 'Error';
  if (statusCode >= 500) log.error({ err: thrown, path: located?.path }, 'resolver failed');
  else log.info({ reason: formatReason(thrown), path: located?.path }, 'resolver refused');
  return new GraphQLError(statusCode < 500 && thrown instanceof Error ? thrown.message : text, {
    nodes: located?.nodes,
    path: located?.path,
    extensions: { code: CODES[statusCode] ?? 'INTERNAL_SERVER_ERROR', statusCode },
  });
}

function statusOf(error: unknown): number {
  if (error instanceof HttpError) return error.statusCode;
  const { statusCode } = (error ?? {}) as { statusCode?: unknown };
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode <= 599
    ? statusCode
    : 500;
}
