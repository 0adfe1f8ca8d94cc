import type { Metafile } from 'esbuild';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { INSTALLED_PACKAGE } from '../artifact/installed-package';
import type { ArtifactRequest } from './artifact-request';
import { packageFinder, type ExternalPackage } from './external-packages';

/**
 * Packages in a bundle that an external package depends on, too. There would be two copies of them, and neither would
 * know the classes and symbols of the other.
 *
 * Those that code of the workspace imports stay in the bundle: it may import names that Node does not find in CommonJS.
 *
 * @returns their folders, relative to the workspace root, each with the reason.
 */
export function sharedPackages(
  { workspaceRoot }: Pick<ArtifactRequest, 'workspaceRoot'>,
  metafile: Metafile,
  externals: ReadonlyMap<string, ExternalPackage>,
): Map<string, string> {
  const found = new Map<string, string>();
  if (externals.size === 0) return found;
  const bundled = packagesOfPackages(metafile);
  const { find, folderOf } = packageFinder(workspaceRoot);
  // What two external packages depend on is looked at for the first of them.
  const seen = new Set<string>();
  for (const [name, { path }] of [...externals].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const waiting = [join(workspaceRoot, path)];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      for (const dependency of dependenciesOf(at)) {
        const directory = find(dependency, at);
        if (directory === undefined || seen.has(directory)) continue;
        seen.add(directory);
        waiting.push(directory);
        const folder = folderOf(directory);
        if (bundled.has(folder) && !found.has(folder)) {
          found.set(
            folder,
            `${name}, which is external, depends on it, too, and they have to share it`,
          );
        }
      }
    }
  }
  return found;
}

/** The folders of installed packages that only installed packages import, without those that are left out as unused. */
function packagesOfPackages({ inputs, outputs }: Metafile): Set<string> {
  const found = new Set<string>();
  for (const output of Object.values(outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(output.inputs)) {
      const folder = INSTALLED_PACKAGE.exec(file)?.[0];
      if (folder !== undefined && bytesInOutput > 0) found.add(folder);
    }
  }
  for (const [file, { imports }] of Object.entries(inputs)) {
    if (INSTALLED_PACKAGE.test(file)) continue;
    for (const { path } of imports) found.delete(INSTALLED_PACKAGE.exec(path)?.[0] ?? '');
  }
  return found;
}

function dependenciesOf(directory: string): string[] {
  const facts = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Partial<
    Record<'dependencies' | 'optionalDependencies' | 'peerDependencies', Record<string, string>>
  >;
  const { dependencies, optionalDependencies, peerDependencies } = facts;
  return Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
}
