import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readPlugAndPlay } from './plug-and-play';

/** The package.json of an installed package, as far as it is read. */
export interface InstalledManifest {
  name: string;
  version: string;
  license?: unknown;
  licenses?: unknown;
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

/**
 * These packages and all that they depend on, as they are installed. Packages that are not installed are skipped, such
 * as those for another operating system.
 *
 * @param paths of the packages, absolute.
 */
export function* installedClosure(
  workspaceRoot: string,
  paths: readonly string[],
): Generator<{ directory: string; manifest: InstalledManifest }> {
  const pnp = readPlugAndPlay(workspaceRoot);
  const find = pnp?.find ?? lookUp;
  // Peers are found from where Yarn lists a package, not from where it lies.
  const waiting = pnp ? [...paths] : paths.map((path) => realpathSync(path));
  const seen = new Set(waiting);
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const manifest = JSON.parse(
      readFileSync(join(at, 'package.json'), 'utf8'),
    ) as InstalledManifest;
    yield { directory: at, manifest };
    const { dependencies, optionalDependencies, peerDependencies } = manifest;
    for (const name of Object.keys({
      ...peerDependencies,
      ...dependencies,
      ...optionalDependencies,
    })) {
      const need = find(name, at);
      if (need === undefined || seen.has(need)) continue;
      seen.add(need);
      waiting.push(need);
    }
  }
}

function lookUp(name: string, from: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
    if (at === dirname(at)) return undefined;
  }
}
