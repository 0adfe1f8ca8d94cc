import type { Aggregate } from './aggregate.js';
import { callersPath, type ProviderRoute } from './provider-route.js';

type Json = Record<string, unknown>;

/** The parts of a document that we read. Everything else is passed on. */
export interface OpenApiDocument {
  paths?: Record<string, Json>;
  components?: Record<string, Record<string, unknown>>;
}

/** The document of one provider, or why there is none. */
export interface DescribedProvider {
  service: string;
  routes: readonly ProviderRoute[];
  document?: OpenApiDocument;
  /** Why there is no document, or why it may be out of date. */
  problem?: string;
}

export interface MergeOptions {
  title: string;
  version: string;
  /** Whether routes need a bearer token, unless a route says otherwise. */
  bearer?: boolean;
  aggregates?: readonly Aggregate[];
}

const METHODS: ReadonlySet<string> = new Set([
  'get',
  'put',
  'post',
  'delete',
  'options',
  'head',
  'patch',
  'trace',
]);

/**
 * One document of everything that callers of a gateway can reach: for each provider, the operations on its routes,
 * tagged with its name, and the components that they use, prefixed with its name.
 */
export function mergeDocuments(
  { title, version, bearer = false, aggregates = [] }: MergeOptions,
  providers: readonly DescribedProvider[],
): Json {
  const paths: Json = {};
  const components: Record<string, Json> = {};
  for (const { service, routes, document } of providers) {
    if (!document) continue;
    const own = operationsOf(service, routes, document, bearer);
    Object.assign(paths, own);
    for (const [section, name] of reachable(own, service, document)) {
      const component = document.components?.[section]?.[name];
      (components[section] ??= {})[`${service}.${name}`] = rename(component, service);
    }
  }
  for (const aggregate of aggregates) {
    Object.assign(paths, aggregateOperation(title, aggregate, bearer && aggregate.auth !== 'none'));
  }
  if (bearer) {
    components['securitySchemes'] = {
      bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    };
  }
  return {
    openapi: '3.1.0',
    info: { title, version, ...describeProblems(providers) },
    servers: [{ url: '/' }],
    tags: [
      ...(aggregates.length > 0 ? [title] : []),
      ...providers.map(({ service }) => service),
    ].map((name) => ({ name })),
    paths,
    components,
  };
}

function describeProblems(providers: readonly DescribedProvider[]): { description?: string } {
  const lines = providers
    .filter(({ problem }) => problem !== undefined)
    .map(({ service, problem }) => `- ${service}: ${problem}`);
  return lines.length > 0 ? { description: lines.join('\n') } : {};
}

function operationsOf(
  service: string,
  routes: readonly ProviderRoute[],
  { paths = {} }: OpenApiDocument,
  bearer: boolean,
): Record<string, Json> {
  const own: Record<string, Json> = {};
  for (const [path, item] of Object.entries(paths)) {
    for (const route of routes) {
      const served = callersPath(route, path);
      // The longest match wins, like in the router.
      if (served === undefined || routeOf(served, routes) !== route) continue;
      const needsToken = bearer && route.auth !== 'none';
      own[served] = Object.fromEntries(
        Object.entries(rename(item, service) as Json).map(([key, value]) =>
          METHODS.has(key) ? [key, operation(service, value as Json, needsToken)] : [key, value],
        ),
      );
    }
  }
  return own;
}

function routeOf(path: string, routes: readonly ProviderRoute[]): ProviderRoute | undefined {
  return routes
    .filter((route) => path === route.path || path.startsWith(`${route.path}/`))
    .sort((a, b) => b.path.length - a.path.length)[0];
}

/** An aggregate belongs to the gateway itself, whose name is the title of the document. */
function aggregateOperation(title: string, { path, parts }: Aggregate, needsToken: boolean): Json {
  const names = path.split('/').flatMap((part) => (part.startsWith(':') ? [part.slice(1)] : []));
  const queries = [...new Set(Object.values(parts).flatMap(({ query = [] }) => query))];
  const parameters = [
    ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...queries.map((name) => ({ name, in: 'query', schema: { type: 'string' } })),
  ];
  const each = (schema: Json) =>
    Object.fromEntries(Object.keys(parts).map((name) => [name, schema]));
  const error = {
    type: 'object',
    properties: {
      statusCode: { type: 'integer' },
      error: { type: 'string' },
      message: { type: 'string' },
      service: { type: 'string' },
    },
  };
  const schema = {
    type: 'object',
    required: ['data', 'errors'],
    properties: {
      data: { type: 'object', required: Object.keys(parts), properties: each({}) },
      errors: { type: 'object', properties: each(error) },
    },
  };
  const shown = names.reduce((text, name) => text.replace(`:${name}`, `{${name}}`), path);
  return {
    [shown]: {
      get: {
        tags: [title],
        ...(parameters.length > 0 && { parameters }),
        responses: {
          200: {
            description:
              'The answers of the services. What failed is null in data and named in errors.',
            content: { 'application/json': { schema } },
          },
        },
        ...(needsToken && { security: [{ bearer: [] }] }),
      },
    },
  };
}

function operation(service: string, value: Json, needsToken: boolean): Json {
  const { operationId, ...rest } = value;
  // The gateway decides who may call, and its address is the one to call.
  delete rest['security'];
  delete rest['servers'];
  return {
    ...rest,
    tags: [service],
    ...(typeof operationId === 'string' && { operationId: `${service}.${operationId}` }),
    ...(needsToken && { security: [{ bearer: [] }] }),
  };
}

const REFERENCE = /^#\/components\/([^/]+)\/([^/]+)$/;

/** A copy whose references point to the merged components. */
function rename(value: unknown, service: string, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => rename(item, service));
  if (typeof value === 'string' && (key === '$ref' || key === 'mapping')) {
    return value.replace(REFERENCE, `#/components/$1/${service}.$2`);
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      // The mapping of a discriminator has references under other keys.
      rename(inner, service, key === 'mapping' ? key : name),
    ]),
  );
}

/**
 * Section and name of each component that the renamed `paths` need. Other components may not be meant for the public.
 */
function reachable(
  paths: Json,
  service: string,
  { components = {} }: OpenApiDocument,
): readonly (readonly [string, string])[] {
  const found = new Map<string, readonly [string, string]>();
  const follow = (value: unknown): void => {
    for (const reference of referencesIn(value)) {
      const [, section = '', renamed = ''] = REFERENCE.exec(reference) ?? [];
      const name = renamed.slice(service.length + 1);
      const component = components[section]?.[name];
      if (component === undefined || found.has(reference)) continue;
      found.set(reference, [section, name]);
      follow(rename(component, service));
    }
  };
  follow(paths);
  return [...found.values()];
}

function referencesIn(value: unknown): string[] {
  if (typeof value === 'string') return REFERENCE.test(value) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(referencesIn);
}
