import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Composer } from '../graphql/compose-supergraph';
import { UserError } from '../platform/user-error';

/** What composes, from the packages of the gateway. @throws {UserError} if it is not installed. */
export function readComposer(workspaceRoot: string, gatewayRoot: string): Composer {
  const load = createRequire(join(workspaceRoot, gatewayRoot, 'package.json'));
  try {
    const graphql = load('graphql') as Composer['graphql'];
    const { composeServices } = load('@theguild/federation-composition') as Composer;
    return { graphql, composeServices };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new UserError(
      `${gatewayRoot}/package.json: to compose, install its devDependencies "graphql" and "@theguild/federation-composition"`,
    );
  }
}
