import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Manifest {
  name: string;
  version: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

/**
 * Which version each package finds for each of its dependencies, as `a > b: b@1.0.0`. It does not depend on the layout
 * of folders: two layouts are equal if every package finds the same packages.
 *
 * @param from the folder from which the packages themselves are resolved.
 */
export function installedTree(from: string, names: readonly string[]): string[] {
  const seen = new Map<string, string>();
  const visit = (at: string, name: string, path: string) => {
    const found = lookUp(at, name);
    const label = found === undefined ? 'missing' : labelOf(found);
    const line = `${path}${name}: ${label}`;
    if (seen.has(line) || found === undefined) {
      seen.set(line, label);
      return;
    }
    seen.set(line, label);
    const { dependencies, optionalDependencies } = manifestOf(found);
    const needs = Object.keys({ ...dependencies, ...optionalDependencies }).sort();
    for (const need of needs) visit(found, need, `${path}${name} > `);
  };
  for (const name of [...names].sort()) visit(from, name, '');
  return [...seen.keys()];
}

function labelOf(directory: string): string {
  const { name, version } = manifestOf(directory);
  const code = readFileSync(join(directory, 'index.js'), 'utf8');
  return `${name}@${version}${code.startsWith('// patched') ? ' (patched)' : ''}`;
}

function manifestOf(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;
}

function lookUp(from: string, name: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
    if (at === dirname(at)) return undefined;
  }
}
