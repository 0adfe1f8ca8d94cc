import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface InstalledManifest {
  name: string;
  version: string;
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall'];

/**
 * Of these packages and all their dependencies, those with an install script, as `name@version`. It reads the installed
 * packages, because not every lockfile says which have one. Packages that are not installed are skipped, such as those
 * for another operating system.
 *
 * @param paths of the packages, absolute.
 */
export function findInstallScripts(paths: readonly string[]): Set<string> {
  const waiting = paths.map((path) => realpathSync(path));
  const seen = new Set(waiting);
  const found = new Set<string>();
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const manifest = JSON.parse(
      readFileSync(join(at, 'package.json'), 'utf8'),
    ) as InstalledManifest;
    if (hasInstallScript(at, manifest)) found.add(`${manifest.name}@${manifest.version}`);
    const { dependencies, optionalDependencies, peerDependencies } = manifest;
    for (const name of Object.keys({
      ...peerDependencies,
      ...dependencies,
      ...optionalDependencies,
    })) {
      const need = lookUp(at, name);
      if (need === undefined || seen.has(need)) continue;
      seen.add(need);
      waiting.push(need);
    }
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

function lookUp(from: string, name: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
    if (at === dirname(at)) return undefined;
  }
}
