import { build, context, type Metafile } from 'esbuild';
import { parse } from 'jsonc-parser';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bundleOptions } from '../artifact/bundle';
import { externalReason } from '../artifact/external';
import { MIGRATIONS_FOLDER } from '../platform/datastore';
import { MANIFEST_FILE, type Manifest } from '../platform/manifest';
import { ArtifactError, toArtifactError } from './artifact-error';
import { findAssets } from './assets';
import {
  externalPackages,
  installedFolder,
  installedPackage,
  packageFacts,
  type ExternalPackage,
} from './external-packages';
import { normaliseFiles, writeWhole } from './files';
import { pruneInstall, writeInstall, type Install } from './prune-install';
import { replaceFolder } from './replace-folder';

/** The artifact is laid out as the image is: copied to its root, every folder keeps its own time. */
const APP_FOLDER = 'app';

export interface ArtifactRequest {
  workspaceRoot: string;
  /** Relative to the workspace root. */
  projectRoot: string;
  build: Manifest['build'];
  /** Where the artifact goes, relative to the workspace root. */
  outputPath: string;
}

export interface Artifact {
  /** Files of the bundle that lie in the workspace itself, relative to its root. */
  sources: string[];
  /** Packages that the image installs, each with the reason. */
  externals: ReadonlyMap<string, ExternalPackage>;
  bytes: number;
}

/**
 * Bundles a service and writes its artifact below `app/`: `main.js`, a `package.json` with the
 * external packages, their lockfile and the assets. The folder is replaced as a whole, and only once all of it is there.
 *
 * @throws {ArtifactError} where the code cannot be bundled or a package is not in the lockfile.
 */
export async function buildArtifact(request: ArtifactRequest): Promise<Artifact> {
  const { workspaceRoot, projectRoot, outputPath } = request;
  const output = join(workspaceRoot, outputPath);
  requireEntry(request);
  await mkdir(dirname(output), { recursive: true });
  const staging = await mkdtemp(`${output}.tmp-`);
  const app = join(staging, APP_FOLDER);
  try {
    const { metafile, externals } = await bundle(request, join(app, 'main.js'));
    await writeInstall(workspaceRoot, app, installOf(request, externals));
    const assets = [...request.build.assets, `${MIGRATIONS_FOLDER}/*.sql`];
    for (const asset of findAssets(join(workspaceRoot, projectRoot), assets)) {
      await mkdir(dirname(join(app, asset)), { recursive: true });
      await copyFile(join(workspaceRoot, projectRoot, asset), join(app, asset));
    }
    await normaliseFiles(staging);
    await replaceFolder(staging, output);
    return {
      sources: workspaceSources(metafile),
      externals,
      bytes: Object.values(metafile.outputs).reduce((sum, { bytes }) => sum + bytes, 0),
    };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

interface Bundle {
  metafile: Metafile;
  externals: ReadonlyMap<string, ExternalPackage>;
}

/**
 * Bundles without a question about any import first, and looks at what is in the bundle: most
 * services need no package outside it, and asking esbuild's plugin per import takes as long as
 * bundling does.
 */
async function bundle(request: ArtifactRequest, outfile: string): Promise<Bundle> {
  const { workspaceRoot, projectRoot } = request;
  const options = bundleOptions({
    workspaceRoot,
    entry: `${projectRoot}/${request.build.entry}`,
    outfile,
    conditions: sourceConditions(workspaceRoot),
    sourcemap: false,
  });
  if (request.build.external.length === 0) {
    const metafile = await build(options).then(
      (result) => result.metafile,
      // A native addon cannot be read, for one: then the next bundle says what is wrong, or nothing is.
      () => undefined,
    );
    const isBundled = ({ directory, importer }: PackageImport) =>
      !externalReason(packageFacts(join(workspaceRoot, directory)), importer);
    if (metafile && packageImports(request, metafile).every(isBundled)) {
      return { metafile, externals: new Map() };
    }
  }
  const externals = externalPackages({
    workspaceRoot: request.workspaceRoot,
    external: request.build.external,
  });
  const { metafile } = await build({ ...options, plugins: [externals.plugin] }).catch(
    (error: unknown) => {
      throw toArtifactError(projectRoot, error);
    },
  );
  return { metafile: metafile!, externals: externals.found };
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
    let directory = installedFolder(file) ?? dirname(file);
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

/** Bundles a service for development and again after each change; `onBundle` gets each result. */
export async function watchBundle(
  request: Omit<ArtifactRequest, 'outputPath'> & { outfile: string },
  onBundle: (result: { error?: ArtifactError }) => void,
): Promise<{ stop: () => Promise<void> }> {
  requireEntry(request);
  // esbuild watches the folders in which it looks for packages: one that came later would be a change.
  await mkdir(dirname(request.outfile), { recursive: true });
  const externals = externalPackages({
    workspaceRoot: request.workspaceRoot,
    external: request.build.external,
  });
  const watcher = await context({
    ...bundleOptions({
      workspaceRoot: request.workspaceRoot,
      entry: `${request.projectRoot}/${request.build.entry}`,
      outfile: request.outfile,
      conditions: sourceConditions(request.workspaceRoot),
      sourcemap: true,
    }),
    // esbuild takes the last bundle away where one fails; what still runs from it must stay.
    write: false,
    plugins: [
      externals.plugin,
      {
        name: 'report',
        setup: ({ onEnd }) =>
          onEnd(async (result) => {
            if (result.errors.length > 0) {
              return onBundle({ error: toArtifactError(request.projectRoot, result) });
            }
            await writeWhole(request.outfile, result.outputFiles![0]!.text);
            onBundle({});
          }),
      },
    ],
  });
  await watcher.watch();
  return { stop: () => watcher.dispose() };
}

/** @throws {ArtifactError} if there is no entry: esbuild's own words do not say who names it. */
function requireEntry({
  workspaceRoot,
  projectRoot,
  build: { entry },
}: Pick<ArtifactRequest, 'workspaceRoot' | 'projectRoot' | 'build'>): void {
  if (existsSync(join(workspaceRoot, projectRoot, entry))) return;
  throw new ArtifactError(
    `there is no ${projectRoot}/${entry}: "build.entry" in ${projectRoot}/${MANIFEST_FILE} names the file that starts the service (src/main.ts unless set), for example "build: { entry: server.js }"`,
  );
}

function installOf(
  { workspaceRoot, projectRoot }: ArtifactRequest,
  externals: ReadonlyMap<string, ExternalPackage>,
): Install {
  try {
    return pruneInstall(
      workspaceRoot,
      new Map([...externals].map(([name, { path }]) => [name, path])),
    );
  } catch (error) {
    throw new ArtifactError(`${projectRoot}: ${(error as Error).message}`);
  }
}

/** The conditions of the root tsconfig under which libraries of this workspace export TypeScript. */
function sourceConditions(workspaceRoot: string): string[] {
  for (const name of ['tsconfig.base.json', 'tsconfig.json']) {
    const file = join(workspaceRoot, name);
    if (!existsSync(file)) continue;
    const config = parse(readFileSync(file, 'utf8'), [], { allowTrailingComma: true }) as
      { compilerOptions?: { customConditions?: string[] } } | undefined;
    if (config?.compilerOptions?.customConditions) return config.compilerOptions.customConditions;
  }
  return [];
}

/** The bundle's own sources: everything that does not come from node_modules. */
function workspaceSources(metafile: Metafile): string[] {
  return Object.keys(metafile.inputs)
    .filter((file) => !file.includes('node_modules/') && !file.startsWith('('))
    .sort();
}
