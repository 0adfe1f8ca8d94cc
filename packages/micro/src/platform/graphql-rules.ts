import type { Manifest } from './manifest';
import type { Entry, Rule } from './platform-rule';
import type { Problem } from './problem';

/** Rules of GraphQL between the manifests. */
export const GRAPHQL_RULES: readonly Rule[] = [answersGraphql, hasSubgraphs];

function answersGraphql(read: readonly Entry[]): Problem[] {
  return read.flatMap(({ file: { file }, manifest: { kind, graphql }, source }) =>
    graphql && kind === 'worker'
      ? [
          {
            file,
            line: source.lineOfKey([], 'graphql'),
            message: 'a worker takes no calls: remove "graphql", or make it "kind: service"',
          },
        ]
      : [],
  );
}

function hasSubgraphs(read: readonly Entry[]): Problem[] {
  const subgraphs = new Set(
    read.filter(({ manifest }) => isSubgraph(manifest)).map(({ file }) => file.name),
  );
  return read.flatMap(({ file: { file }, manifest: { kind, graphql, consumes }, source }) =>
    graphql && kind === 'gateway' && !consumes.some((name) => subgraphs.has(name))
      ? [
          {
            file,
            line: source.lineOfKey([], 'graphql'),
            message:
              'consumes no service with "graphql: true": add one to "consumes", or remove "graphql"',
          },
        ]
      : [],
  );
}

/** Whether a service has a part of a schema. */
export function isSubgraph({ kind, graphql }: Pick<Manifest, 'kind' | 'graphql'>): boolean {
  return graphql && kind === 'service';
}
