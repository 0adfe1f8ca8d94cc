import { makeExecutableSchema } from '@graphql-tools/schema';
import {
  assertValidSchema,
  GraphQLError,
  isTypeExtensionNode,
  Kind,
  OperationTypeNode,
  parse,
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  type GraphQLScalarType,
  type GraphQLSchema,
} from 'graphql';
import type { ServedContext } from './serve.js';

/** How a gateway names an entity: its type and the fields of one of its keys. */
interface Representation {
  __typename: string;
}

type Entity = object & { __typename?: string };

type ReferenceResolver = (
  known: Representation,
  context: ServedContext,
  info: GraphQLResolveInfo,
) => unknown;

const OBJECT_KINDS: readonly string[] = [Kind.OBJECT_TYPE_DEFINITION, Kind.OBJECT_TYPE_EXTENSION];

/** @typeParam P what the field belongs to. @typeParam A its arguments. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each resolver says what it takes
export type Resolver<P = any, A = any> = (
  parent: P,
  args: A,
  context: ServedContext,
  info: GraphQLResolveInfo,
) => unknown;

/** By type, then by field. `__resolveReference(reference, context)` of a type finds an entity by its key. */
export type Resolvers = Readonly<
  Record<string, GraphQLScalarType | Readonly<Record<string, Resolver>>>
>;

/**
 * The schema of a subgraph: what `text` says, and what gateways ask of each subgraph, `_entities` and `_service`
 * (https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec).
 * Whether directives such as `@key` are used rightly is found out when a gateway is composed.
 *
 * @param document `text`, parsed.
 * @throws {Error} if the schema is not valid.
 */
export function subgraphSchema(
  text: string,
  document: DocumentNode,
  resolvers: Resolvers,
): GraphQLSchema {
  const query = queryType(document);
  const entities = entityTypes(document);
  const members = [...entities].filter(([, isObject]) => isObject).map(([name]) => name);
  // The type of an entity that does not say it itself.
  const typeOf = new WeakMap<object, string>();
  const schema = makeExecutableSchema({
    typeDefs: [extended(document), parse(added(query, members))],
    resolvers: [
      withoutReferences(resolvers),
      {
        [query]: {
          _service: () => ({ sdl: text }),
          ...(members.length > 0 && { _entities: entityResolver(entities, resolvers, typeOf) }),
        },
        ...(members.length > 0 && {
          _Entity: {
            __resolveType: (entity: Entity) => entity.__typename ?? typeOf.get(entity),
          },
        }),
      },
    ],
    // The directives of federation are not defined here.
    assumeValidSDL: true,
  });
  assertValidSchema(schema);
  return schema;
}

function queryType({ definitions }: DocumentNode): string {
  for (const one of definitions) {
    if (one.kind !== Kind.SCHEMA_DEFINITION && one.kind !== Kind.SCHEMA_EXTENSION) continue;
    const query = one.operationTypes?.find(
      ({ operation }) => operation === OperationTypeNode.QUERY,
    );
    if (query) return query.type.name.value;
  }
  return 'Query';
}

/** Types with a key, each with whether it is an object: a union has no interfaces. */
function entityTypes({ definitions }: DocumentNode): Map<string, boolean> {
  const keys = new Set(['key', 'federation__key', ...definitions.flatMap(keyAliases)]);
  const entities = new Map<string, boolean>();
  for (const one of definitions) {
    if (!('fields' in one) || !one.directives?.some(({ name }) => keys.has(name.value))) continue;
    entities.set(one.name.value, OBJECT_KINDS.includes(one.kind));
  }
  return entities;
}

/** `@link(import: [{ name: "@key", as: "@id" }])` names it `id`. */
function keyAliases(one: DefinitionNode): string[] {
  if (one.kind !== Kind.SCHEMA_DEFINITION && one.kind !== Kind.SCHEMA_EXTENSION) return [];
  return (one.directives ?? []).flatMap(importsOf).flatMap((imported) => {
    if (imported.kind !== Kind.OBJECT) return [];
    const said = new Map(
      imported.fields.map(({ name, value }) => [name.value, 'value' in value ? value.value : '']),
    );
    return said.get('name') === '@key' ? [String(said.get('as')).slice(1)] : [];
  });
}

function importsOf({ name, arguments: given }: ConstDirectiveNode) {
  const imports = given?.find((one) => name.value === 'link' && one.name.value === 'import');
  return imports?.value.kind === Kind.LIST ? imports.value.values : [];
}

/** An extension of a type that another subgraph defines is a definition here. */
function extended(document: DocumentNode): DocumentNode {
  const definitions = document.definitions.map((one) =>
    isTypeExtensionNode(one)
      ? ({ ...one, kind: one.kind.replace('Extension', 'Definition') } as DefinitionNode)
      : one,
  );
  return { ...document, definitions };
}

function added(query: string, members: readonly string[]): string {
  const ofEntities = `
    scalar _Any
    union _Entity = ${members.join(' | ')}
    type ${query} { _entities(representations: [_Any!]!): [_Entity]! }`;
  return `
    type _Service { sdl: String! }
    type ${query} { _service: _Service! }
    ${members.length > 0 ? ofEntities : ''}`;
}

function withoutReferences(resolvers: Resolvers) {
  return Object.fromEntries(
    Object.entries(resolvers).map(([type, resolver]) => {
      if (!('__resolveReference' in resolver)) return [type, resolver];
      const { __resolveReference: _, ...fields } = resolver;
      return [type, fields];
    }),
  );
}

/** One that fails is an error at its place, and the others stay. */
function entityResolver(
  entities: ReadonlyMap<string, boolean>,
  resolvers: Resolvers,
  typeOf: WeakMap<object, string>,
): GraphQLFieldResolver<unknown, ServedContext, { representations: Representation[] }> {
  return (_parent, { representations }, context, info) =>
    representations.map(async (known) => {
      const type = known.__typename;
      const isObject = entities.get(type);
      if (isObject === undefined) throw new GraphQLError(`"${type}" is no type with a key`);
      const { __resolveReference: resolve } = (resolvers[type] ?? {}) as {
        __resolveReference?: ReferenceResolver;
      };
      const entity: unknown = resolve ? await resolve(known, context, info) : known;
      if (isObject && typeof entity === 'object' && entity) typeOf.set(entity, type);
      return entity;
    });
}
