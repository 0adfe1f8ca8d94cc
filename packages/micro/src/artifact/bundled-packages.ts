import type { Metafile } from 'esbuild';
import { packageOfImport } from './external';
import { INSTALLED_PACKAGE } from './installed-package';

/** What a package in a bundle, or the service's own code, imports from others. */
export interface BundleImports {
  /** Folders of packages in the bundle, as the metafile has them. */
  bundled: Set<string>;
  /** Names of packages that the image installs. */
  external: Set<string>;
}

/** The key of the service's own code, libraries of the workspace included. */
export const OWN_CODE = '';

/**
 * The packages that a bundle has code of, by folder, each with what it imports. A package of which esbuild dropped
 * everything is not in the image, so it is left out; what it would have imported counts for the package that imports it.
 */
export function bundledPackages({
  inputs,
  outputs,
}: Pick<Metafile, 'inputs' | 'outputs'>): Map<string, BundleImports> {
  const kept = new Set(
    Object.values(outputs).flatMap((output) =>
      Object.entries(output.inputs).flatMap(([file, { bytesInOutput }]) =>
        bytesInOutput > 0 ? [file] : [],
      ),
    ),
  );
  const packages = new Map<string, BundleImports>([[OWN_CODE, noImports()]]);
  for (const file of kept) {
    const folder = folderOf(file);
    const imports = packages.get(folder) ?? noImports();
    packages.set(folder, imports);
    const seen = new Set([file]);
    const waiting = [file];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      for (const { path, external } of inputs[at]?.imports ?? []) {
        if (external) {
          imports.external.add(packageOfImport(path));
        } else if (!kept.has(path)) {
          if (!seen.has(path)) waiting.push(path);
          seen.add(path);
        } else if (folderOf(path) !== folder) {
          imports.bundled.add(folderOf(path));
        }
      }
    }
  }
  return packages;
}

function folderOf(file: string): string {
  return INSTALLED_PACKAGE.exec(file)?.[0] ?? OWN_CODE;
}

function noImports(): BundleImports {
  return { bundled: new Set(), external: new Set() };
}
