import { posix } from 'node:path';
import { checkOperations } from './check-operations';
import { composeSupergraph, type Composer, type SubgraphSchema } from './compose-supergraph';
import { PlatformError, type Problem } from '../platform/problem';
import { OPERATIONS_FILE, parseSubgraphs, SUBGRAPHS_FILE } from '../platform/subgraphs-file';
import type { ReadFile } from '../platform/workspace';

/**
 * The schema of a gateway, from the files that say what it consists of.
 *
 * @throws {PlatformError} with every reason why there is none.
 */
export function composeGateway(
  gatewayRoot: string,
  read: ReadFile,
  composer: Composer,
): { text: string; subgraphs: readonly string[] } {
  const file = posix.join(gatewayRoot, SUBGRAPHS_FILE);
  const listed = parseSubgraphs(read(file) ?? '');
  if (!listed) {
    throw new PlatformError([{ file, message: 'is missing, or not as nx sync writes it: run it' }]);
  }
  const problems: Problem[] = [];
  const schemas = listed.flatMap(({ name, schema }): SubgraphSchema[] => {
    const text = read(schema);
    if (text !== undefined) return [{ name, file: schema, text }];
    problems.push({ file: schema, message: `is missing: it is the schema of "${name}"` });
    return [];
  });
  if (problems.length > 0) throw new PlatformError(problems);
  const { supergraph, problems: unfit } = composeSupergraph(schemas, composer);
  if (!supergraph) throw new PlatformError(unfit);
  const operationsFile = posix.join(gatewayRoot, OPERATIONS_FILE);
  const operations = read(operationsFile);
  if (operations !== undefined) {
    const wrong = checkOperations(operationsFile, operations, supergraph.schema, composer.graphql);
    if (wrong.length > 0) throw new PlatformError(wrong);
  }
  const subgraphs = listed.map(({ name }) => name);
  return {
    text: `# Composed by graphql-compose from ${subgraphs.join(', ')}.\n${supergraph.text}`,
    subgraphs,
  };
}
