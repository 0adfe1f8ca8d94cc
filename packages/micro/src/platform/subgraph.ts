import { isSubgraph } from './graphql-rules';
import { serviceNamed, type Platform, type Service } from './platform';

/** `apps/catalog/src/schema.graphql` */
export function schemaFile({ root }: Pick<Service, 'root'>): string {
  return `${root}/src/schema.graphql`;
}

/** The subgraphs that a gateway consumes, in the order of their names. */
export function subgraphsOf(
  platform: Platform,
  { consumes }: Pick<Service, 'consumes'>,
): Service[] {
  return consumes
    .map((name) => serviceNamed(platform, name))
    .filter(isSubgraph)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
