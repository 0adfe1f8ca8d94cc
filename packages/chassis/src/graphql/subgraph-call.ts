import { randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { GraphQLError, print, type DocumentNode, type GraphQLFormattedError } from 'graphql';
import type { Client } from '../calls/client.js';
import { ServiceCallError } from '../calls/service-call-error.js';
import { DEADLINE_HEADER } from '../context/headers.js';
import { formatReason } from '../errors/errors.js';
import { partHeaders } from '../gateway/forwarded-headers.js';
import { GRAPHQL_PATH } from './serve.js';

/** What a subgraph is asked. */
export interface SubgraphQuestion {
  document: DocumentNode;
  variables?: Record<string, unknown>;
  operationType?: string;
  signal?: AbortSignal;
}

export interface SubgraphAnswer {
  data?: unknown;
  errors?: readonly GraphQLError[];
}

/** Never rejects: a subgraph that cannot answer is an error with its name, and the rest of the answer stays. */
export async function askSubgraph(
  client: Client,
  serviceKey: string | undefined,
  request: FastifyRequest,
  { document, variables, operationType, signal }: SubgraphQuestion,
): Promise<SubgraphAnswer> {
  const headers = headersFor(request, serviceKey);
  // A query changes nothing, so it may be sent again.
  if (operationType !== 'mutation') headers['idempotency-key'] = randomUUID();
  const service = client.provider;
  try {
    const json = { query: textOf(document), variables };
    const answer = await client.post<SubgraphAnswer | undefined>(GRAPHQL_PATH, {
      json,
      headers,
      signal,
    });
    const isAnswer = typeof answer === 'object' && ('data' in answer || 'errors' in answer);
    if (!isAnswer) return failed(service, 502, `${service} did not answer with GraphQL`);
    return { ...answer, errors: answer.errors?.map((error) => named(service, error)) };
  } catch (error) {
    if (!(error instanceof ServiceCallError)) throw error;
    const { statusCode, message } = judge(error);
    const line = { provider: service, reason: formatReason(error) };
    request.log[statusCode < 500 ? 'info' : 'error'](line, message);
    return failed(service, statusCode, message);
  }
}

function failed(service: string, statusCode: number, message: string): SubgraphAnswer {
  const code = CODES[statusCode] ?? 'SUBGRAPH_FAILED';
  return { errors: [new GraphQLError(message, { extensions: { code, service, statusCode } })] };
}

const CODES: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  503: 'SUBGRAPH_UNAVAILABLE',
  504: 'SUBGRAPH_TIMEOUT',
};

/** With the name of the service, but not its address. */
function judge({ provider, kind, status, statusCode }: ServiceCallError): {
  statusCode: number;
  message: string;
} {
  // A token or a right that is missing is the caller's matter.
  if (status === 401 || status === 403) {
    return { statusCode: status, message: `${provider} answered with ${status}` };
  }
  switch (kind) {
    case 'timeout':
      return { statusCode, message: `${provider} did not answer in time` };
    case 'unreachable':
    case 'open':
      return { statusCode, message: `${provider} cannot be reached` };
    case 'refused':
      return { statusCode, message: `${provider} answered with ${status}` };
    case 'invalid-answer':
      return { statusCode, message: `${provider} did not answer with GraphQL` };
  }
}

function named(service: string, error: GraphQLFormattedError): GraphQLError {
  const { message, path, extensions } = error;
  return new GraphQLError(message, { path, extensions: { ...extensions, service } });
}

/** As on a route of the gateway; the client adds the deadline of each attempt. */
function headersFor(
  request: FastifyRequest,
  serviceKey: string | undefined,
): Record<string, string> {
  const given = partHeaders(request, { limitMs: 0, serviceKey });
  const headers: Record<string, string> = {};
  for (const name in given) {
    const value = given[name];
    if (value !== undefined && name !== DEADLINE_HEADER) headers[name] = String(value);
  }
  return headers;
}

/** Documents that the planner keeps are printed once. */
const printed = new WeakMap<DocumentNode, string>();

function textOf(document: DocumentNode): string {
  let text = printed.get(document);
  if (text === undefined) printed.set(document, (text = print(document)));
  return text;
}
