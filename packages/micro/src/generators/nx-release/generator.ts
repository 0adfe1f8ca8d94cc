import { formatFiles, logger, readNxJson, type Tree } from '@nx/devkit';
import { imageSource } from '../../platform/environment';
import { environmentFile } from '../../platform/environment-file';
import { UserError } from '../../platform/user-error';
import { editJson } from '../json-text';
import { readEnvironments } from '../pipeline-facts';
import { planReleaseConfig } from './release-config';

export interface NxReleaseSchema {
  environment: string;
  skipFormat?: boolean;
}

/** `nx g @org/micro:nx-release`: services get versions from `nx release`. */
export async function nxReleaseGenerator(
  tree: Tree,
  { environment, skipFormat }: NxReleaseSchema,
): Promise<void> {
  requireRegistry(tree, environment);
  editJson(tree, 'nx.json', planReleaseConfig(readNxJson(tree) ?? {}, environment));
  if (!skipFormat) await formatFiles(tree);
  logger.info(
    'Commit this, then "npx nx release" decides versions by your commits, and tags git and the images. "npx nx release --dry-run" shows it.',
  );
}

export default nxReleaseGenerator;

/** @throws {UserError} for an environment that is not there, or that has no registry. */
function requireRegistry(tree: Tree, name: string): void {
  const all = readEnvironments(tree);
  const environment = all.get(name);
  if (!environment) {
    throw new UserError(
      `there is no ${environmentFile(name)}: choose from ${[...all.keys()].sort().join(', ')}`,
    );
  }
  if (imageSource(environment).kind === 'local') {
    throw new UserError(
      `${environment.file} has no registry for images with a version: set "registry: registry.example.com/acme"`,
    );
  }
}
