import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installedClosure, type InstalledManifest } from './installed-closure';

const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall'];

/**
 * Of these packages and all their dependencies, those with an install script, as `name@version`. It reads the installed
 * packages, because not every lockfile says which have one.
 *
 * @param paths of the packages, absolute.
 */
export function findInstallScripts(workspaceRoot: string, paths: readonly string[]): Set<string> {
  const found = new Set<string>();
  for (const { directory, manifest } of installedClosure(workspaceRoot, paths)) {
    if (hasInstallScript(directory, manifest)) found.add(`${manifest.name}@${manifest.version}`);
  }
  return found;
}

/** A package with a `binding.gyp` and no script of its own is compiled by node-gyp. */
function hasInstallScript(directory: string, { scripts = {} }: InstalledManifest): boolean {
  return (
    INSTALL_SCRIPTS.some((name) => scripts[name] !== undefined) ||
    existsSync(join(directory, 'binding.gyp'))
  );
}
