import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  type GraphQLError,
  NoSchemaIntrospectionCustomRule,
  specifiedRules,
  type ExecutionArgs,
  type GraphQLSchema,
} from 'graphql';
import { createHandler, parseRequestParams } from 'graphql-http';
import { currentContext } from '../context/request-context.js';
import { answerError } from './answer-error.js';
import { KnownDocuments } from './known-documents.js';
import { queryPage } from './query-page.js';

/** Where every service of a platform answers GraphQL. */
export const GRAPHQL_PATH = '/graphql';

/** What resolvers get beside the arguments. */
export type ServedContext = {
  /** With `log`, `headers`, and `user` if the service verifies tokens. */
  request: FastifyRequest;
  reply: FastifyReply;
};

/** https://graphql.github.io/graphql-over-http/draft/#sec-Request-Parameters */
export type GraphqlBody = Readonly<Record<string, unknown>>;

export interface ServeOptions {
  schema: GraphQLSchema;
  /** Whether it tells what the schema consists of, and shows a page at `GET /graphql`. */
  development: boolean;
  /** Of which a query may consist. */
  maxTokens?: number;
  /** Completes a body before it is checked. @throws {GraphQLError} that the caller gets. */
  readBody?: (body: GraphqlBody) => GraphqlBody;
  /** Why a valid query is not executed. */
  refuse?: (args: ExecutionArgs) => GraphQLError | undefined;
}

/**
 * Answers `POST /graphql` with JSON. There is no other way to ask: a page of another origin can't send that without
 * the permission of CORS, so cookies are safe.
 */
export function serveGraphql(app: FastifyInstance, options: ServeOptions): void {
  const { schema, development, maxTokens, readBody = (body) => body, refuse } = options;
  const rules = development ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  const documents = new KnownDocuments(schema, rules, { maxTokens });
  const handle = createHandler<FastifyRequest, ServedContext, ServedContext>({
    parseRequestParams: (asked) => {
      const { body } = asked.raw;
      return parseRequestParams({ ...asked, body: isObject(body) ? readBody(body) : null });
    },
    onSubscribe: ({ context }, { query, operationName, variables: variableValues }) => {
      const { document, errors } = documents.read(query);
      if (!document) return errors;
      const args = { schema, document, operationName, variableValues, contextValue: context };
      const problem = refuse?.(args);
      return problem ? [problem] : args;
    },
    formatError: (error) =>
      answerError(error, app.log.child({ requestId: currentContext()?.requestId })),
  });

  app.post(GRAPHQL_PATH, async (request, reply) => {
    const { method, url, headers } = request;
    const context = { request, reply };
    const [body, init] = await handle({ method, url, headers, body: null, raw: request, context });
    return reply
      .code(init.status)
      .headers(init.headers ?? {})
      .send(body);
  });

  if (development) queryPage(app, GRAPHQL_PATH);
}

function isObject(body: unknown): body is GraphqlBody {
  return typeof body === 'object' && body !== null;
}
