import type { Metafile } from 'esbuild';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundleOptions } from '../artifact/bundle';
import { externalReason } from '../artifact/external';
import { INSTALLED_PACKAGE } from '../artifact/installed-package';
import type { ArtifactRequest } from './artifact-request';
import { formatMessage, toArtifactError } from './artifact-error';
import {
  externalPackages,
  installedPackage,
  packageFacts,
  type ExternalPackage,
} from './external-packages';
import { buildWithCompilersApart } from './on-first-use';
import { sharedPackages } from './shared-packages';
import { packagesReadingBeside } from './unbundled-files';
import { sourceConditions } from './source-conditions';

export interface Bundle {
  metafile: Metafile;
  externals: ReadonlyMap<string, ExternalPackage>;
  /** Warnings of esbuild, each with file and line. */
  warnings: string[];
}

/**
 * Bundles a service, except its external packages.
 *
 * The first run bundles everything and then looks at what is in the bundle. Most services are done after it. If a
 * package in the bundle reads files beside its own code, or an external one needs it, too, the next run leaves that
 * package out, and so on until none is left. (Deciding per import with an esbuild plugin takes twice as long.)
 */
export async function bundle(request: ArtifactRequest, outfile: string): Promise<Bundle> {
  const { workspaceRoot, projectRoot } = request;
  const declared = request.build.external;
  const options = bundleOptions({
    workspaceRoot,
    entry: `${projectRoot}/${request.build.entry}`,
    outfile,
    conditions: sourceConditions(workspaceRoot),
    sourcemap: false,
  });
  const leftOut = new Map<string, string>();
  if (declared.length === 0) {
    const result = await buildWithCompilersApart(options).catch(
      // Some files cannot be read here, such as native add-ons. If that matters, the next run reports it.
      () => undefined,
    );
    const isBundled = ({ directory, importer }: PackageImport) =>
      !externalReason(packageFacts(join(workspaceRoot, directory)), importer);
    if (result && packageImports(request, result.metafile).every(isBundled)) {
      for (const [name, reason] of await packagesReadingBeside(request, result.metafile)) {
        leftOut.set(name, reason);
      }
      const warnings = result.warnings.map(formatMessage);
      if (leftOut.size === 0) return { metafile: result.metafile, externals: new Map(), warnings };
    }
  }
  for (;;) {
    const externals = externalPackages({ workspaceRoot, declared, leftOut });
    const { metafile, warnings } = await buildWithCompilersApart({
      ...options,
      plugins: [externals.plugin],
    }).catch((error: unknown) => {
      throw toArtifactError(projectRoot, error);
    });
    const more = await packagesToLeaveOut(request, metafile, externals.found, leftOut);
    if (more.length === 0) {
      return {
        metafile,
        externals: externals.found,
        warnings: warnings.map(formatMessage),
      };
    }
    for (const [directory, reason] of more) leftOut.set(directory, reason);
  }
}

/**
 * Packages that the next run has to leave out, because of what is in the bundle.
 *
 * @param leftOut those that were left out already.
 * @returns their folders, relative to the workspace root, each with the reason.
 */
export async function packagesToLeaveOut(
  request: Pick<ArtifactRequest, 'workspaceRoot'>,
  metafile: Metafile,
  externals: ReadonlyMap<string, ExternalPackage>,
  leftOut: ReadonlyMap<string, string>,
): Promise<[folder: string, reason: string][]> {
  return [
    ...sharedPackages(request, metafile, externals),
    ...(await packagesReadingBeside(request, metafile)),
  ].filter(([folder]) => !leftOut.has(folder));
}

interface PackageImport {
  /** Where the package lies, relative to the workspace root. */
  directory: string;
  /** The installed package that imports it. */
  importer: string | undefined;
}

/** The packages in a bundle, each with the packages that import it. */
function packageImports(
  { workspaceRoot, projectRoot }: ArtifactRequest,
  { inputs }: Metafile,
): PackageImport[] {
  const directories = new Map<string, string>();
  for (const file of Object.keys(inputs)) {
    let directory = INSTALLED_PACKAGE.exec(file)?.[0] ?? dirname(file);
    while (directory !== '.' && !existsSync(join(workspaceRoot, directory, 'package.json'))) {
      directory = dirname(directory);
    }
    directories.set(file, directory);
  }
  const found = new Map<string, PackageImport>();
  for (const [file, { imports }] of Object.entries(inputs)) {
    const importer = installedPackage(file);
    for (const { path } of imports) {
      const directory = directories.get(path) ?? '.';
      if (directory === '.' || directory === projectRoot) continue;
      if (directory !== directories.get(file)) {
        found.set(`${directory} ${importer}`, { directory, importer });
      }
    }
  }
  return [...found.values()];
}
