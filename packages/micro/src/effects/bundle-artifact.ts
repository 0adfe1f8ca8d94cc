import { build, context, type Metafile, type Plugin } from 'esbuild';
import { parse } from 'jsonc-parser';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { bundleOptions } from '../artifact/bundle';
import { externalReason, packageOfImport, type PackageFacts } from '../artifact/external';
import { MANIFEST_FILE } from '../platform/manifest';
import { MIGRATIONS_FOLDER } from '../platform/datastore';
import type { Manifest } from '../platform/manifest';
import { UserError } from '../platform/user-error';
import { findAssets } from './assets';
import { normaliseFiles, writeWhole } from './files';
import { pruneInstall, writeInstall, type Install } from './prune-install';

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

export interface ExternalPackage {
  reason: string;
  /** Where it lies, relative to the workspace root. */
  path: string;
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
  const externals = externalPackages(request);
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

/** `node_modules/.pnpm/pg@8/node_modules/pg/lib/index.js` -> the folder of the last package. */
const INSTALLED_PACKAGE = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/;

/** The package that a file was installed with: `pg`; `undefined` for a file of the workspace. */
function installedPackage(file: string): string | undefined {
  return INSTALLED_PACKAGE.exec(toSlashes(file))?.[1];
}

/** Puts a folder in the place of another; of two builds at once the last one wins. */
async function replaceFolder(staging: string, output: string): Promise<void> {
  const aside = `${staging}-old`;
  try {
    for (let attempt = 0; ; attempt++) {
      await rename(output, aside).catch(unlessCode('ENOENT'));
      try {
        return await rename(staging, output);
      } catch (error) {
        if (attempt === 10) throw error;
        unlessCode('ENOTEMPTY', 'EEXIST')(error);
        await rm(aside, { recursive: true, force: true });
      }
    }
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

function unlessCode(...codes: readonly string[]) {
  return (error: unknown): void => {
    if (!codes.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  };
}

/** Bundles a service for development and again after each change; `onBundle` gets each result. */
export async function watchBundle(
  request: Omit<ArtifactRequest, 'outputPath'> & { outfile: string },
  onBundle: (result: { error?: ArtifactError }) => void,
): Promise<{ stop: () => Promise<void> }> {
  requireEntry(request);
  // esbuild watches the folders in which it looks for packages: one that came later would be a change.
  await mkdir(dirname(request.outfile), { recursive: true });
  const externals = externalPackages(request);
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

/** A service that could not be bundled; the message has every place. */
export class ArtifactError extends UserError {
  override readonly name = 'ArtifactError';
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

interface BuildFailureLike {
  errors: { text: string; location: { file: string; line: number; column: number } | null }[];
}

function toArtifactError(projectRoot: string, error: unknown): ArtifactError {
  const failure = error as Partial<BuildFailureLike>;
  if (!Array.isArray(failure.errors)) throw error;
  return new ArtifactError(
    [
      `${projectRoot} could not be bundled:`,
      ...failure.errors.map(({ text, location }) =>
        location
          ? `  ${location.file}:${location.line}:${location.column + 1}: ${text}`
          : `  ${text}`,
      ),
    ].join('\n'),
  );
}

/** Keeps packages out of the bundle that cannot be in it, and remembers which and why. */
function externalPackages({
  workspaceRoot,
  build: { external },
}: Pick<ArtifactRequest, 'workspaceRoot' | 'build'>): {
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

function packageFacts(directory: string): PackageFacts {
  const facts = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as PackageFacts;
  return {
    ...facts,
    hasBinding:
      existsSync(join(directory, 'binding.gyp')) || existsSync(join(directory, 'prebuilds')),
  };
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

function toSlashes(path: string): string {
  return path.split(sep).join('/');
}
