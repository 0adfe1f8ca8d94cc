/* Nx loads this for every project graph: it imports nothing. */

/** The subgraphs behind a gateway, with their schemas: what `graphql-compose` reads. */
export const SUBGRAPHS_FILE = 'subgraphs.json';

/** What `graphql-compose` writes. */
export const SUPERGRAPH_FILE = 'src/supergraph.graphql';

/** Operations of clients that are known at build time. */
export const OPERATIONS_FILE = 'src/persisted-operations.json';

/** A subgraph as the composition knows it. */
export interface SubgraphFile {
  name: string;
  /** Its schema, relative to the workspace root. */
  schema: string;
}

/** The text of `subgraphs.json`. Undefined if it says nothing that can be understood. */
export function parseSubgraphs(text: string): SubgraphFile[] | undefined {
  try {
    const { subgraphs } = JSON.parse(text) as { subgraphs?: unknown };
    return Array.isArray(subgraphs) && subgraphs.every(isSubgraphFile) ? subgraphs : undefined;
  } catch {
    return undefined;
  }
}

function isSubgraphFile(entry: unknown): entry is SubgraphFile {
  if (typeof entry !== 'object' || entry === null) return false;
  const { name, schema } = entry as Record<string, unknown>;
  return typeof name === 'string' && typeof schema === 'string';
}
