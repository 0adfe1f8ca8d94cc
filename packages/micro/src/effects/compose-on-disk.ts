import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileReader } from './files';
import { readComposer } from './graphql-composer';
import { SUPERGRAPH_FILE } from '../platform/subgraphs-file';
import { composeGateway } from '../graphql/compose-gateway';

/**
 * Composes the schema of a gateway into its folder.
 *
 * @returns the names of its subgraphs.
 * @throws {UserError} with every reason why there is none; then the file stays as it is.
 */
export function writeSupergraph(workspaceRoot: string, gatewayRoot: string): readonly string[] {
  const composer = readComposer(workspaceRoot, gatewayRoot);
  const { text, subgraphs } = composeGateway(gatewayRoot, fileReader(workspaceRoot), composer);
  writeFileSync(join(workspaceRoot, gatewayRoot, SUPERGRAPH_FILE), text);
  return subgraphs;
}

/** The same for a generator, which has done its work. @returns why not, or `undefined` if the file is there. */
export function composeOnDisk(workspaceRoot: string, gatewayRoot: string): string | undefined {
  try {
    writeSupergraph(workspaceRoot, gatewayRoot);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
