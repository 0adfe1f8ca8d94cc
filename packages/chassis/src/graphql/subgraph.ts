import type { FastifyPluginCallback } from 'fastify';
import {
  GraphQLScalarType,
  Kind,
  OperationTypeNode,
  parse,
  Source,
  type DefinitionNode,
  type DocumentNode,
  type EnumValueDefinitionNode,
} from 'graphql';
import { serveGraphql, type ServedContext } from './serve.js';
import { subgraphSchema, type Resolvers } from './subgraph-schema.js';

export type SubgraphContext = ServedContext;

export interface SubgraphOptions {
  /** The text of `schema.graphql`. */
  schema: string;
  resolvers: Resolvers;
  /** `config.NODE_ENV === 'development'`: tells what the schema consists of, and has a page at `GET /graphql`. */
  development?: boolean;
}

/**
 * Serves a subgraph of GraphQL federation (Apollo Federation 2) at `POST /graphql`. Register it after `jwt` or
 * `serviceKeys`, which then guard it.
 *
 * @throws {Error} if the schema is not valid, has subscriptions, or has no field for a resolver.
 */
export function subgraph(options: SubgraphOptions): FastifyPluginCallback {
  const { schema: text, resolvers, development = false } = options;
  const typeDefs = parse(new Source(text, 'schema.graphql'));
  checkSubscriptions(typeDefs);
  checkResolvers(typeDefs, resolvers);
  const schema = subgraphSchema(text, typeDefs, resolvers);
  return (app, _options, done) => {
    serveGraphql(app, { schema, development });
    done();
  };
}

/** They would be in the schema, and never answered. */
function checkSubscriptions({ definitions }: DocumentNode): void {
  const found = definitions.find((one) =>
    one.kind === Kind.SCHEMA_DEFINITION || one.kind === Kind.SCHEMA_EXTENSION
      ? one.operationTypes?.some(({ operation }) => operation === OperationTypeNode.SUBSCRIPTION)
      : 'name' in one && one.name?.value === 'Subscription',
  );
  if (!found) return;
  const line = found.loc?.startToken.line ?? 1;
  throw new TypeError(`schema.graphql:${line}: subscriptions are not supported: remove them`);
}

/** Otherwise, nobody would notice that a resolver is never called. */
function checkResolvers({ definitions }: DocumentNode, resolvers: Resolvers): void {
  const fields = new Map<string, Set<string>>();
  for (const one of definitions) {
    const name = 'name' in one ? one.name?.value : undefined;
    if (name === undefined || one.kind === Kind.DIRECTIVE_DEFINITION) continue;
    const known = fields.get(name) ?? new Set(['__resolveReference', '__resolveType']);
    const members = [...('fields' in one ? (one.fields ?? []) : []), ...valuesOf(one)];
    for (const member of members) known.add(member.name.value);
    fields.set(name, known);
  }
  const unknown = Object.entries(resolvers).flatMap(([type, resolver]) => {
    const known = fields.get(type);
    if (!known) return [type];
    if (resolver instanceof GraphQLScalarType) return [];
    return Object.keys(resolver)
      .filter((field) => !known.has(field))
      .map((field) => `${type}.${field}`);
  });
  if (unknown.length > 0) {
    throw new TypeError(
      `schema.graphql has no ${unknown.join(', no ')}, but there are resolvers for them`,
    );
  }
}

function valuesOf(one: DefinitionNode): readonly EnumValueDefinitionNode[] {
  return 'values' in one ? (one.values ?? []) : [];
}
