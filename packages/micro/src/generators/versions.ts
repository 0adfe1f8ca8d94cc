import type { Broker } from '../platform/datastore';
import { enginesOf, type DatastoreEngine, type Datastores } from './datastore-names';

/** What `init` adds to the workspace; ranges that a workspace already has stay as they are. */
export const WORKSPACE_VERSIONS = {
  '@types/node': '^24.10.0',
  // What `nx serve` logs with; no bundle and no image has it.
  'pino-pretty': '^13.2.0',
  typescript: '~6.0.3',
  // What Vitest runs on; it takes any. Vite 8.4.0 has an optional package that a mirror without Windows' packages lacks:
  // npm then writes a lockfile that its own `npm ci` refuses (https://github.com/npm/cli/issues/9846).
  vite: '~8.3.8',
  // The newest major that runs on Node 20 as well: what a generator writes must not depend on the
  // Node that happens to run it, or two people of a team generate different workspaces.
  vitest: '^4.1.12',
} as const;

/** Added only together with the ESLint configuration that needs them. */
export const LINT_VERSIONS = {
  eslint: '^10.15.0',
  'typescript-eslint': '^8.73.0',
} as const;

/** What a generated service runs on. */
export const SERVICE_VERSIONS = {
  '@org/chassis': '^0.1.0',
  fastify: '^5.12.8',
  'prom-client': '^15.1.3',
  zod: '^4.6.7',
} as const;

/** What a client of another service is written with. */
export const CLIENT_VERSIONS = {
  '@org/chassis': SERVICE_VERSIONS['@org/chassis'],
  zod: SERVICE_VERSIONS.zod,
} as const;

/** What a service with Express routes needs beside that. */
export const EXPRESS_VERSIONS = {
  '@fastify/express': '^4.0.7',
  express: '^5.2.1',
} as const;

export const EXPRESS_TYPE_VERSIONS = { '@types/express': '^5.0.0' } as const;

/** What verifies tokens. */
export const AUTH_VERSIONS = { jose: '^6.2.17' } as const;

/** What traces are made and sent with. */
export const TRACING_VERSIONS = {
  '@fastify/otel': '^0.21.2',
  '@opentelemetry/api': '^1.9.0',
  '@opentelemetry/exporter-trace-otlp-http': '^0.222.0',
  '@opentelemetry/instrumentation-undici': '^0.32.0',
  '@opentelemetry/resources': '^2.11.0',
  '@opentelemetry/sdk-trace-node': '^2.11.0',
} as const;

/** What the chassis reaches each broker with. */
export const BROKER_VERSIONS: Record<Broker, Readonly<Record<string, string>>> = {
  rabbitmq: { 'rabbitmq-client': '^5.0.8' },
  // 3.4 needs Node 22.
  nats: { '@nats-io/jetstream': '~3.3.1', '@nats-io/transport-node': '~3.3.1' },
  redis: { ioredis: '^5.9.3' },
  // 2 needs Node 22.
  kafka: { '@platformatic/kafka': '~1.35.0' },
  sqs: { '@aws-sdk/client-sns': '^3.1169.0', '@aws-sdk/client-sqs': '^3.1175.0' },
};

/** What contracts of events are written with. */
export const CONTRACTS_VERSIONS = {
  '@org/chassis': SERVICE_VERSIONS['@org/chassis'],
  zod: SERVICE_VERSIONS.zod,
} as const;

/**
 * What serves and calls gRPC: the newest minors that run on Node 20 as well. Generated code needs a runtime that is not
 * older than its generator.
 */
export const GRPC_VERSIONS = {
  '@bufbuild/protobuf': '~2.13.0',
  '@connectrpc/connect': '~2.1.2',
  '@connectrpc/connect-node': '~2.1.2',
} as const;

/** What contracts of gRPC are generated with; only the library that has them needs it. */
export const PROTO_VERSIONS = {
  '@bufbuild/buf': '^1.75.0',
  '@bufbuild/protoc-gen-es': '~2.13.0',
} as const;

/** What a service answers GraphQL with. Version 17 of graphql was not tried. */
export const SUBGRAPH_VERSIONS = {
  '@graphql-tools/schema': '^10.1.5',
  graphql: '^16.15.0',
  'graphql-http': '^1.23.1',
} as const;

/** What a gateway asks its subgraphs with. */
export const GRAPHQL_GATEWAY_VERSIONS = {
  '@graphql-tools/federation': '^4.5.2',
  graphql: SUBGRAPH_VERSIONS.graphql,
  'graphql-http': SUBGRAPH_VERSIONS['graphql-http'],
} as const;

/** The page to try queries with `nx serve`; no bundle and no image has it. It brings one package, and no build of its own. */
export const QUERY_PAGE_VERSIONS = { 'altair-static': '^8.5.9' } as const;

/** What the schema of a gateway is composed with. */
export const COMPOSITION_VERSIONS = { '@theguild/federation-composition': '^0.27.0' } as const;

/** What a gateway forwards with. */
export const GATEWAY_VERSIONS = {
  '@fastify/http-proxy': '^11.6.3',
  undici: '^7.30.2',
  ws: '^8.23.0',
} as const;

export const CORS_VERSIONS = { '@fastify/cors': '^11.4.3' } as const;

export const RATE_LIMIT_VERSIONS = { '@fastify/rate-limit': '^11.2.0' } as const;

/** What describes the routes of a service. */
export const OPENAPI_VERSIONS = {
  '@fastify/swagger': '^9.9.3',
  'fastify-type-provider-zod': '^7.0.0',
} as const;

/** What shows the routes of all services behind a gateway. */
export const API_DOCS_VERSIONS = {
  '@fastify/swagger': '^9.9.3',
  '@fastify/swagger-ui': '^6.1.3',
} as const;

/** What the chassis reaches each datastore with. */
const DATASTORE_VERSIONS: Record<DatastoreEngine, Readonly<Record<string, string>>> = {
  postgres: { pg: '^8.23.1' },
  mysql: { mysql2: '^3.24.5' },
  mariadb: { mysql2: '^3.24.5' },
  mongodb: { mongodb: '^7.8.0' },
  redis: { ioredis: '^5.9.3' },
};

/** The packages of a service with these datastores. */
export function datastorePackages(datastores: Datastores): {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
} {
  const engines = enginesOf(datastores);
  return {
    dependencies: Object.assign(
      {},
      ...engines.map((engine) => DATASTORE_VERSIONS[engine]),
    ) as Record<string, string>,
    // The others bring their types.
    devDependencies: engines.includes('postgres') ? { '@types/pg': '^8.15.0' } : {},
  };
}

/** For images if neither `packageManager` of package.json nor an installed program says which version. */
export const DEFAULT_MANAGER_VERSIONS = { pnpm: '10', yarn: '4', bun: '1' } as const;
