import type { Tree } from '@nx/devkit';
import { dockerfileOf } from '../../dockerfile/dockerfile-edit';
import { copyInstallFiles } from '../../dockerfile/install-files';
import { readTreePlatform } from '../../generators/workspace-tree';

/** Dockerfiles of services copy `.npmrc`, and with pnpm packed packages and patches, into the stage that installs. */
export function copyInstallFilesInDockerfiles(tree: Tree): void {
  for (const service of readTreePlatform(tree).services) {
    const path = dockerfileOf(service);
    const text = tree.read(path, 'utf8');
    if (text === null) continue;
    const changed = copyInstallFiles(text);
    if (changed !== text) tree.write(path, changed);
  }
}
