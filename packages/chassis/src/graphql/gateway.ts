import { getStitchedSchemaFromSupergraphSdl } from '@graphql-tools/federation';
import type { FastifyPluginCallback, FastifyRequest } from 'fastify';
import { Kind, parse, type DocumentNode, type GraphQLSchema } from 'graphql';
import type { CallerOptions } from '../calls/caller-options.js';
import { createClientOver, type Client } from '../calls/client.js';
import { markAsEdge } from '../context/request-context.js';
import { sendByUndici } from '../gateway/send-by-undici.js';
import { PersistedOperations, type PersistedOptions } from './persisted-operations.js';
import { locateErrors } from './located-errors.js';
import { DEFAULT_LIMITS, limitQueries, type QueryLimits } from './query-limits.js';
import { serveGraphql, type ServedContext } from './serve.js';
import { askSubgraph } from './subgraph-call.js';

/** A service that has a part of the schema. */
export interface Subgraph {
  name: string;
  /** Base URL: `config.MICROSERVICE_CATALOG_URL`. */
  url: string;
  /** Sent as `x-service-key`. */
  serviceKey?: string;
}

export interface GraphqlGatewayOptions extends Pick<CallerOptions, 'retries' | 'breaker'> {
  /** The text of `supergraph.graphql`, which the target `graphql-compose` writes. */
  supergraph: string;
  /** Where its subgraphs are. */
  subgraphs: readonly Subgraph[];
  /** `config.NODE_ENV === 'development'`: tells what the schema consists of, and has a page at `GET /graphql`. */
  development?: boolean;
  limits?: QueryLimits;
  persisted?: PersistedOptions;
  /** Time limit of one call of a subgraph. Default 5000. The caller's deadline shortens it. */
  timeoutMs?: number;
  /** Whether callers are services of the platform. Their deadlines and traces are then continued. Default false. */
  callersAreInside?: boolean;
}

/**
 * Answers `POST /graphql` from several subgraphs, as their supergraph says. Register it after `jwt` and `rateLimit`,
 * which then guard it. What one subgraph cannot answer is null, with an error that names it.
 *
 * @throws {TypeError} if the supergraph needs a subgraph whose address is not given, or is not a supergraph.
 */
export function graphqlGateway(options: GraphqlGatewayOptions): FastifyPluginCallback {
  const { supergraph, development = false } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const persisted = new PersistedOperations(options.persisted ?? {});
  const document = parse(supergraph);
  const clients = clientsOf(document, options);
  return (app, _options, done) => {
    if (!options.callersAreInside) markAsEdge(app);
    serveGraphql(app, {
      schema: stitch(document, clients),
      development,
      maxTokens: limits.maxTokens,
      readBody: (body) => persisted.resolve(body),
      refuse: limitQueries(limits),
    });
    done();
  };
}

type Ask = (request: FastifyRequest, question: Parameters<typeof askSubgraph>[3]) => unknown;

function stitch(supergraphSdl: DocumentNode, clients: ReadonlyMap<string, Ask>): GraphQLSchema {
  const schema = getStitchedSchemaFromSupergraphSdl({
    supergraphSdl,
    // Fields that one subgraph answers at the same time are one request.
    batch: true,
    onSubschemaConfig: (config) => {
      const ask = clients.get(config.name)!;
      config.executor = (question) =>
        ask((question.context as unknown as ServedContext).request, question) as never;
    },
  });
  return locateErrors(schema);
}

/** By the name that the supergraph has for it: `ORDER_ITEMS`. */
function clientsOf(
  supergraph: DocumentNode,
  { subgraphs, timeoutMs, retries, breaker }: GraphqlGatewayOptions,
): Map<string, Ask> {
  const given = new Map(subgraphs.map((one) => [one.name, one]));
  const missing: string[] = [];
  const send = sendByUndici();
  const clients = graphsIn(supergraph).flatMap(([value, name]) => {
    const found = given.get(name);
    if (!found) missing.push(name);
    if (!found) return [];
    const { url, serviceKey } = found;
    const client: Client = createClientOver(send, name, { url, timeoutMs, retries, breaker });
    const ask: Ask = (request, question) => askSubgraph(client, serviceKey, request, question);
    return [[value, ask] as const];
  });
  if (missing.length > 0) {
    throw new TypeError(
      `supergraph.graphql has ${missing.map((name) => `"${name}"`).join(', ')}, whose address is not given: run graphql-compose again`,
    );
  }
  return new Map(clients);
}

/** `enum join__Graph { ORDER_ITEMS @join__graph(name: "order-items", url: "") }` */
function graphsIn({ definitions }: DocumentNode): [value: string, name: string][] {
  for (const one of definitions) {
    if (one.kind !== Kind.ENUM_TYPE_DEFINITION || one.name.value !== 'join__Graph') continue;
    return (one.values ?? []).map((value) => {
      const name = value.directives?.[0]?.arguments?.find((given) => given.name.value === 'name');
      return [value.name.value, name?.value.kind === Kind.STRING ? name.value.value : ''];
    });
  }
  throw new TypeError('supergraph.graphql is not a supergraph: run graphql-compose');
}
