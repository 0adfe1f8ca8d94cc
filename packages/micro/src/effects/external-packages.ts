import type { Plugin } from 'esbuild';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { externalReason, packageOfImport, type PackageFacts } from '../artifact/external';

/** A package that the image installs. */
export interface ExternalPackage {
  reason: string;
  /** Where it lies, relative to the workspace root. */
  path: string;
}

interface Search {
  workspaceRoot: string;
  /** Names of packages that a person keeps out of the bundle. */
  external: readonly string[];
}

/** Keeps packages out of the bundle that cannot be in it, and remembers which and why. */
export function externalPackages({ workspaceRoot, external }: Search): {
  plugin: Plugin;
  found: Map<string, ExternalPackage>;
} {
  const found = new Map<string, ExternalPackage>();
  const facts = new Map<string, PackageFacts>();
  const reasonFor = (name: string, directory: string, importer: string): string | undefined => {
    if (external.includes(name)) return 'declared in service.yml';
    if (!facts.has(directory)) facts.set(directory, packageFacts(directory));
    return externalReason(facts.get(directory)!, installedPackage(importer));
  };
  return {
    found,
    plugin: {
      name: 'external-packages',
      setup: ({ onResolve }) =>
        onResolve(
          { filter: /^(?:@[^/]+\/)?[a-zA-Z0-9][^:]*$/ },
          ({ path, resolveDir, kind, importer }) => {
            if (kind === 'entry-point' || isAbsolute(path)) return undefined;
            const name = packageOfImport(path);
            const directory = findPackage(name, resolveDir, workspaceRoot);
            const reason = directory && reasonFor(name, directory, importer);
            if (!directory || !reason) return undefined;
            const at = toSlashes(relative(workspaceRoot, directory));
            const other = found.get(name)?.path;
            // With pnpm one package is reached by a link in each project that depends on it.
            if (other !== undefined && !isSame(workspaceRoot, other, at)) {
              const text = `"${name}" is external (${reason}) and needed in two versions, ${other} and ${at}: an image can hold one; align them`;
              return { errors: [{ text }] };
            }
            if (other === undefined || at < other) found.set(name, { reason, path: at });
            return { path, external: true };
          },
        ),
    },
  };
}

function findPackage(name: string, from: string, workspaceRoot: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const directory = join(at, 'node_modules', name);
    if (existsSync(join(directory, 'package.json'))) return directory;
    if (at === workspaceRoot || at === dirname(at)) return undefined;
  }
}

function isSame(workspaceRoot: string, a: string, b: string): boolean {
  return a === b || realpathSync(join(workspaceRoot, a)) === realpathSync(join(workspaceRoot, b));
}

/** What decides whether a package can be in a bundle. @param directory where it lies. */
export function packageFacts(directory: string): PackageFacts {
  const facts = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as PackageFacts;
  return {
    ...facts,
    hasBinding:
      existsSync(join(directory, 'binding.gyp')) || existsSync(join(directory, 'prebuilds')),
  };
}

/** `node_modules/.pnpm/pg@8/node_modules/pg/lib/index.js` -> the folder of the last package. */
const INSTALLED_PACKAGE = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/;

/** The folder of the package that a file was installed with. */
export function installedFolder(file: string): string | undefined {
  return INSTALLED_PACKAGE.exec(file)?.[0];
}

/** The package that a file was installed with: `pg`; `undefined` for a file of the workspace. */
export function installedPackage(file: string): string | undefined {
  return INSTALLED_PACKAGE.exec(toSlashes(file))?.[1];
}

function toSlashes(path: string): string {
  return path.split(sep).join('/');
}
