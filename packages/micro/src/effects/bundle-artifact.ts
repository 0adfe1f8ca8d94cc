import type { Metafile } from 'esbuild';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withoutArchivePaths } from '../artifact/archive-paths';
import { MIGRATIONS_FOLDER } from '../platform/datastore';
import { MANIFEST_FILE, parseManifest } from '../platform/manifest';
import { PlatformError } from '../platform/problem';
import type { ArtifactRequest } from './artifact-request';
import { findAssets } from './assets';
import { bundle } from './bundle';
import { ArtifactError, requireEntry } from './artifact-error';
import type { ExternalPackage } from './external-packages';
import { fileReader, normaliseFiles } from './files';
import { readPlugAndPlay } from './plug-and-play';
import { pruneInstall, writeInstall, type Install } from './prune-install';
import { unreachableFiles } from './unbundled-files';
import { replaceFolder } from './replace-folder';

/**
 * The artifact has the layout of the image. BuildKit copies it to the image's root, which keeps the time of each
 * folder.
 */
export const ARTIFACT_FOLDER = 'app';

export interface Artifact {
  /** Source files of the workspace that are in the bundle, relative to its root. */
  sources: string[];
  /** Packages that the image installs, each with the reason why it is not bundled. */
  externals: ReadonlyMap<string, ExternalPackage>;
  /** What may fail at run time, each with file and line. */
  warnings: string[];
  /** Size of the code. */
  bytes: number;
  /** What esbuild says of the bundle. */
  metafile: Metafile;
  /** The package.json and lockfile of the image, and their settings: name -> text. */
  installFiles: Install['files'];
}

/**
 * Bundles a service and writes its artifact below `app/`: `main.js`, code that it loads only if it needs it, a
 * `package.json` with the external packages, their lockfile and the assets. The folder is replaced as a whole, and only
 * after everything was written.
 *
 * @throws {ArtifactError} if the code cannot be bundled or a package is not in the lockfile.
 */
export async function buildArtifact(request: ArtifactRequest): Promise<Artifact> {
  const { workspaceRoot, projectRoot, outputPath } = request;
  const output = join(workspaceRoot, outputPath);
  requireEntry(request);
  const pnp = readPlugAndPlay(workspaceRoot);
  const assets = readAssets(request);
  await mkdir(dirname(output), { recursive: true });
  const staging = await mkdtemp(`${output}.tmp-`);
  const app = join(staging, ARTIFACT_FOLDER);
  try {
    const { metafile, externals, warnings } = await bundle(request, join(app, 'main.js'));
    if (pnp) await removeArchivePaths(workspaceRoot, metafile);
    const install = installOf(request, externals);
    await writeInstall(workspaceRoot, app, install);
    for (const asset of assets) {
      await mkdir(dirname(join(app, asset)), { recursive: true });
      await copyFile(join(workspaceRoot, projectRoot, asset), join(app, asset));
    }
    const unreachable = await unreachableFiles(request, metafile, (path) =>
      existsSync(join(app, path)),
    );
    await normaliseFiles(staging);
    const written = Object.keys(metafile.outputs).map((file) => stat(join(workspaceRoot, file)));
    const sizes = (await Promise.all(written)).map(({ size }) => size);
    await replaceFolder(staging, output);
    return {
      sources: workspaceSources(metafile),
      externals,
      warnings: [...warnings, ...unreachable],
      bytes: sizes.reduce((sum, size) => sum + size, 0),
      metafile,
      installFiles: install.files,
    };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Takes the places of Yarn's archives out of what was written: they differ from machine to machine. */
async function removeArchivePaths(
  workspaceRoot: string,
  { inputs, outputs }: Metafile,
): Promise<void> {
  for (const output of Object.keys(outputs)) {
    const path = join(workspaceRoot, output);
    await writeFile(path, withoutArchivePaths(await readFile(path, 'utf8'), Object.keys(inputs)));
  }
}

/** @throws {PlatformError} with every asset that must not be in an image, each with its line. */
function readAssets({ workspaceRoot, projectRoot, build }: ArtifactRequest): string[] {
  const globs = [...build.assets, `${MIGRATIONS_FOLDER}/*.sql`];
  const { files, problems } = findAssets(join(workspaceRoot, projectRoot), globs);
  if (problems.length === 0) return files;
  const file = `${projectRoot}/${MANIFEST_FILE}`;
  const source = parseManifest(file, fileReader(workspaceRoot)(file) ?? '').read?.source;
  throw new PlatformError(
    problems.map(({ index, message }) => ({
      file,
      line: source?.lineOf(['build', 'assets', index]),
      message: `build.assets: ${message}`,
    })),
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
      projectRoot,
    );
  } catch (error) {
    throw new ArtifactError(`${projectRoot}: ${(error as Error).message}`);
  }
}

/** The bundle's own sources: everything that does not come from node_modules. */
function workspaceSources(metafile: Metafile): string[] {
  return Object.keys(metafile.inputs)
    .filter((file) => !file.includes('node_modules/') && !file.startsWith('('))
    .sort();
}
