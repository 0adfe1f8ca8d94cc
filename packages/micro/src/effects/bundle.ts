import { build, type Metafile } from 'esbuild';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundleOptions } from '../artifact/bundle';
import { externalReason } from '../artifact/external';
import type { ArtifactRequest } from './artifact-request';
import { formatMessage, toArtifactError } from './artifact-error';
import {
  externalPackages,
  INSTALLED_PACKAGE,
  installedPackage,
  packageFacts,
  type ExternalPackage,
} from './external-packages';
import { packagesReadingBeside } from './unbundled-files';
import { sourceConditions } from './source-conditions';

export interface Bundle {
  metafile: Metafile;
  externals: ReadonlyMap<string, ExternalPackage>;
  /** What esbuild is not sure about, each with its place. */
  warnings: string[];
}

/**
 * Bundles a service with everything but external packages.
 *
 * It bundles without a question about any import first, and looks at what is in the bundle: most
 * services need no package outside it, and asking esbuild's plugin per import takes as long as
 * bundling does. Then again without the packages that would read files beside themselves, until none is left.
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
  const reading = new Map<string, string>();
  if (declared.length === 0) {
    const result = await build(options).catch(
      // A native addon cannot be read, for one: then the next bundle says what is wrong, or nothing is.
      () => undefined,
    );
    const isBundled = ({ directory, importer }: PackageImport) =>
      !externalReason(packageFacts(join(workspaceRoot, directory)), importer);
    if (result?.metafile && packageImports(request, result.metafile).every(isBundled)) {
      for (const [name, reason] of await packagesReadingBeside(request, result.metafile)) {
        reading.set(name, reason);
      }
      const warnings = result.warnings.map(formatMessage);
      if (reading.size === 0) return { metafile: result.metafile, externals: new Map(), warnings };
    }
  }
  for (;;) {
    const externals = externalPackages({ workspaceRoot, declared, reading });
    const { metafile, warnings } = await build({ ...options, plugins: [externals.plugin] }).catch(
      (error: unknown) => {
        throw toArtifactError(projectRoot, error);
      },
    );
    const more = [...(await packagesReadingBeside(request, metafile!))].filter(
      ([directory]) => !reading.has(directory),
    );
    if (more.length === 0) {
      return {
        metafile: metafile!,
        externals: externals.found,
        warnings: warnings.map(formatMessage),
      };
    }
    for (const [directory, reason] of more) reading.set(directory, reason);
  }
}

interface PackageImport {
  /** Where the package lies, relative to the workspace root. */
  directory: string;
  /** The installed package that imports it. */
  importer: string | undefined;
}

/** The packages of a bundle beside the service itself, each with those that import it. */
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
