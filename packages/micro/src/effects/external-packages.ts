import type { Plugin } from 'esbuild';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { externalReason, packageOfImport, type PackageFacts } from '../artifact/external';
import { INSTALLED_PACKAGE } from '../artifact/installed-package';
import { readPlugAndPlay } from './plug-and-play';

export interface ExternalPackage {
  reason: string;
  /** Where it lies, relative to the workspace root. */
  path: string;
}

/** The package that a file was installed with: `pg`; `undefined` for a file of the workspace. */
export function installedPackage(file: string): string | undefined {
  return INSTALLED_PACKAGE.exec(toSlashes(file))?.[1];
}

/** Decides which packages stay out of the bundle, and records the reason for each. */
export function externalPackages({
  workspaceRoot,
  declared,
  leftOut = new Map(),
}: {
  workspaceRoot: string;
  /** Names that service.yml declares. */
  declared: readonly string[];
  /** Packages that stay out because of what is in the bundle: folder relative to the workspace root, and reason. */
  leftOut?: ReadonlyMap<string, string>;
}): {
  plugin: Plugin;
  found: Map<string, ExternalPackage>;
} {
  const found = new Map<string, ExternalPackage>();
  const facts = new Map<string, PackageFacts>();
  const { find, real, folderOf } = packageFinder(workspaceRoot);
  const reasonFor = (name: string, directory: string, importer: string): string | undefined => {
    if (declared.includes(name)) return 'declared in service.yml';
    const reason = leftOut.get(folderOf(directory));
    if (reason !== undefined) return reason;
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
            const directory = find(name, resolveDir);
            const reason = directory && reasonFor(name, directory, importer);
            if (!directory || !reason) return undefined;
            const at = toSlashes(relative(workspaceRoot, directory));
            const other = found.get(name)?.path;
            // With pnpm, each project that depends on a package has its own link to it, and with Yarn's Plug'n'Play each
            // set of peers.
            if (
              other !== undefined &&
              other !== at &&
              real(join(workspaceRoot, other)) !== real(directory)
            ) {
              const text = `"${name}" is external (${reason}) and needed in two versions, ${other} and ${at}: an image can have only one; align the versions`;
              return { errors: [{ text }] };
            }
            if (other === undefined || at < other) found.set(name, { reason, path: at });
            return { path, external: true };
          },
        ),
    },
  };
}

export interface PackageFinder {
  /** The folder of a package as code in another folder imports it, absolute. */
  find: (name: string, from: string) => string | undefined;
  /** The same folder for a package that has several because of links, or of its peers. */
  real: (directory: string) => string;
  /** The folder of a package as esbuild names it, relative to the workspace root. */
  folderOf: (directory: string) => string;
}

export function packageFinder(workspaceRoot: string): PackageFinder {
  const pnp = readPlugAndPlay(workspaceRoot);
  const root = realpathSync(workspaceRoot);
  return {
    find: pnp?.find ?? ((name, from) => findPackage(name, from, workspaceRoot)),
    real: pnp?.real ?? realpathSync,
    // esbuild names what is in an archive of Yarn as Yarn does, and anything else by its real path.
    folderOf: (directory) => toSlashes(relative(root, pnp ? directory : realpathSync(directory))),
  };
}

function findPackage(name: string, from: string, workspaceRoot: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const directory = join(at, 'node_modules', name);
    if (existsSync(join(directory, 'package.json'))) return directory;
    if (at === workspaceRoot || at === dirname(at)) return undefined;
  }
}

export function packageFacts(directory: string): PackageFacts {
  const facts = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as PackageFacts;
  return {
    ...facts,
    hasBinding:
      existsSync(join(directory, 'binding.gyp')) || existsSync(join(directory, 'prebuilds')),
  };
}

export function toSlashes(path: string): string {
  return path.split(sep).join('/');
}
