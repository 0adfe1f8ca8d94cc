import type * as Graphql from 'graphql';
import type { DefinitionNode, DocumentNode, GraphQLError, GraphQLSchema } from 'graphql';
import type { Problem } from '../platform/problem';

/** What composes, as it is installed in the gateway's own packages. */
export interface Composer {
  graphql: Pick<typeof Graphql, 'parse' | 'validate' | 'buildSchema' | 'Source'>;
  composeServices: (services: readonly { name: string; typeDefs: DocumentNode; url: string }[]) => {
    supergraphSdl?: string;
    publicSdl?: string;
    errors?: readonly GraphQLError[];
  };
}

/** The schema of one subgraph. */
export interface SubgraphSchema {
  name: string;
  /** Relative to the workspace root. */
  file: string;
  text: string;
}

/** What callers can ask, to check operations with. */
export interface Supergraph {
  text: string;
  schema: GraphQLSchema;
}

/** Composes the schemas of subgraphs (Apollo Federation 2), or says every reason why they do not fit. */
export function composeSupergraph(
  subgraphs: readonly SubgraphSchema[],
  { graphql, composeServices }: Composer,
): { supergraph?: Supergraph; problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const parsed: Parsed[] = [];
  for (const subgraph of subgraphs) {
    try {
      const { name, file, text } = subgraph;
      const typeDefs = graphql.parse(new graphql.Source(text, file));
      parsed.push({ name, file, typeDefs });
      problems.push(...subscriptionsIn(file, typeDefs));
    } catch (error) {
      problems.push(problemOf(error as GraphQLError, subgraph.file));
    }
  }
  if (problems.length > 0) return { problems };
  const { supergraphSdl, publicSdl, errors } = composeServices(
    // Where a subgraph is, says the environment.
    parsed.map(({ name, typeDefs }) => ({ name, typeDefs, url: '' })),
  );
  if (supergraphSdl === undefined || publicSdl === undefined) {
    return { problems: (errors ?? []).map((error) => locate(error, parsed)) };
  }
  return {
    supergraph: { text: `${supergraphSdl.trim()}\n`, schema: graphql.buildSchema(publicSdl) },
    problems: [],
  };
}

interface Parsed {
  name: string;
  file: string;
  typeDefs: DocumentNode;
}

function problemOf({ message, locations }: GraphQLError, file: string): Problem {
  return { file, line: locations?.[0]?.line, message: message.trim() };
}

/** Also under another name: `schema { subscription: Events }`. */
function subscriptionsIn(file: string, { definitions }: DocumentNode): Problem[] {
  const roots = definitions
    .flatMap((one) => ('operationTypes' in one ? (one.operationTypes ?? []) : []))
    .filter(({ operation }) => (operation as string) === 'subscription');
  const types = definitions.filter((one) => nameOf(one) === 'Subscription');
  return [...roots, ...types].map((one) => ({
    file,
    line: lineOf(one),
    message: `a gateway passes on no subscriptions: remove "${'type' in one ? 'subscription' : 'Subscription'}"`,
  }));
}

/**
 * Where a composition failed. Its errors name what they are about (`field "Product.name"`, `subgraph "catalog"`) but
 * mostly not where it stands.
 */
function locate(error: GraphQLError, subgraphs: readonly Parsed[]): Problem {
  const { message, nodes, extensions } = error;
  const quoted = [...message.matchAll(/"([^"]+)"/g)].map(([, text]) => text!);
  const isNamed = ({ name }: Parsed) => quoted.includes(name) || extensions.subgraphName === name;
  const named = subgraphs.filter(isNamed);
  const candidates = named.length > 0 ? named : subgraphs;
  const node = nodes?.find(({ loc }) => loc !== undefined);
  const places = node
    ? [{ file: node.loc!.source.name, line: lineOf(node) }]
    : candidates.flatMap(({ file, typeDefs }) => {
        const line = quoted.map((text) => lineOfCoordinate(typeDefs, text)).find((one) => one);
        return line === undefined ? [] : [{ file, line }];
      });
  // Of several subgraphs, the last one is more likely to be what was changed; all of them are named.
  const [place = { file: candidates[0]!.file, line: 1 }, ...others] = places.reverse();
  const also = others.map(({ file, line }) => `${file}:${line}`);
  return {
    ...place,
    message: also.length > 0 ? `${message} (see also ${also.join(', ')})` : message,
  };
}

/** @param coordinate `Product`, `Product.name` or `Query.product(id:)` */
function lineOfCoordinate({ definitions }: DocumentNode, coordinate: string): number | undefined {
  const [, typeName, fieldName] = /^@?(\w+)(?:\.(\w+))?/.exec(coordinate) ?? [];
  const types = definitions.filter((one) => nameOf(one) === typeName);
  if (fieldName === undefined) return types[0] && lineOf(types[0]);
  for (const type of types) {
    const fields = 'fields' in type ? (type.fields ?? []) : [];
    const values = 'values' in type ? (type.values ?? []) : [];
    const found = [...fields, ...values].find(({ name }) => name.value === fieldName);
    if (found) return lineOf(found);
  }
  return types[0] && lineOf(types[0]);
}

function nameOf(definition: DefinitionNode): string | undefined {
  return 'name' in definition ? definition.name?.value : undefined;
}

/** Of its name, which comes after its description. */
function lineOf(node: { loc?: DefinitionNode['loc']; name?: unknown }): number | undefined {
  const { loc } = (node.name ?? node) as { loc?: DefinitionNode['loc'] };
  return loc?.startToken.line;
}
