import { transform, type Metafile } from 'esbuild';
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join, posix } from 'node:path';
import { INSTALLED_PACKAGE } from '../artifact/installed-package';
import { findReadsBeside, type PackageFiles } from '../artifact/sibling-file-reads';
import { startsLogThreads } from '../artifact/log-threads';
import type { ArtifactRequest } from './artifact-request';

/**
 * Files that these packages read only if a service uses a log transport, which runs in a thread. Hardly any service
 * does in production. Without one, the packages can be bundled.
 */
const ONLY_FOR_TRANSPORTS: Readonly<Record<string, readonly string[]>> = {
  pino: ['file.js', 'lib/worker.js', 'lib/worker-pipeline.js'],
  'thread-stream': ['lib/worker.js'],
};

/**
 * Installed packages in a bundle that read files beside their own code.
 *
 * @returns their folders, relative to the workspace root, each with the reason.
 */
export async function packagesReadingBeside(
  request: Pick<ArtifactRequest, 'workspaceRoot'>,
  metafile: Metafile,
): Promise<Map<string, string>> {
  const files = bundledFiles(metafile);
  const threads = files.some((file) => INSTALLED_PACKAGE.exec(file)?.[1] === 'pino')
    ? await asksForThreads(request, files)
    : false;
  const found = new Map<string, string>();
  await Promise.all(
    files.map(async (file) => {
      const [directory, name = ''] = INSTALLED_PACKAGE.exec(file) ?? [];
      if (directory === undefined) return;
      const inside = file.slice(directory.length + 1);
      const code = await readFile(join(request.workspaceRoot, file), 'utf8');
      const reads = findReadsBeside(
        code,
        inside,
        packageFiles(join(request.workspaceRoot, directory)),
      );
      const [first] = reads.filter(
        ({ what }) => threads || !ONLY_FOR_TRANSPORTS[name]?.includes(what),
      );
      if (!first) return;
      const reason = `it reads ${first.what} from its own folder, in ${inside}:${first.line}`;
      const other = found.get(directory);
      if (other === undefined || reason < other) found.set(directory, reason);
    }),
  );
  return found;
}

/**
 * Code of the workspace that reads a file beside itself. In the image all code is in one file, so that file would be
 * missing.
 *
 * @param isInImage whether a path relative to the folder of the bundle is a file of the artifact.
 */
export async function unreachableFiles(
  { workspaceRoot, projectRoot }: Pick<ArtifactRequest, 'workspaceRoot' | 'projectRoot'>,
  metafile: Metafile,
  isInImage: (path: string) => boolean,
): Promise<string[]> {
  const found: string[] = [];
  for (const file of bundledFiles(metafile).filter(isOwn)) {
    const source = await readFile(join(workspaceRoot, file), 'utf8');
    const code = await toJavaScript(file, source);
    for (const { what } of findReadsBeside(code, file, packageFiles(workspaceRoot))) {
      const place = posix.relative(posix.dirname(file), what);
      if (what.endsWith('*') || !existsSync(join(workspaceRoot, what)) || isInImage(place))
        continue;
      const name = posix.basename(what);
      const line = source.split('\n').findIndex((text) => text.includes(name)) + 1;
      found.push(
        `${file}${line > 0 ? `:${line}` : ''}: reads ${what} from its own folder, but in the image all code is in /app/main.js: list it under "build.assets" of ${projectRoot}/service.yml and read it by a path from process.cwd(), which is /app there and ${projectRoot} in nx serve`,
      );
    }
  }
  return found.sort();
}

/** The files in the bundle, without those that esbuild left out as unused. */
function bundledFiles({ outputs }: Metafile): string[] {
  return Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) =>
      bytesInOutput > 0 && SCRIPTS.has(extname(file)) ? [file] : [],
    ),
  );
}

const SCRIPTS = new Set(['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts', '.tsx', '.jsx']);

function isOwn(file: string): boolean {
  return !INSTALLED_PACKAGE.test(file) && !file.startsWith('../') && !file.includes(':');
}

async function asksForThreads(
  { workspaceRoot }: Pick<ArtifactRequest, 'workspaceRoot'>,
  files: readonly string[],
) {
  for (const file of files.filter(isOwn)) {
    const source = await readFile(join(workspaceRoot, file), 'utf8');
    if (source.includes('transport') && startsLogThreads(await toJavaScript(file, source))) {
      return true;
    }
  }
  return false;
}

async function toJavaScript(file: string, source: string): Promise<string> {
  const loader = /^\.[cm]?ts$/.test(extname(file))
    ? 'ts'
    : extname(file) === '.tsx'
      ? 'tsx'
      : 'jsx';
  const { code } = await transform(source, { loader, target: 'esnext', logLevel: 'silent' });
  return code;
}

/** Files that are not code: styles, templates, fonts, tables. */
const CODE =
  /\.(?:[cm]?[jt]sx?|map|md|markdown|flow)$|^(?:package\.json|tsconfig.*\.json|licen[sc]e.*|readme.*|changelog.*|history.*|notice.*|authors.*|\..*)$/i;

function packageFiles(directory: string): PackageFiles {
  return {
    has: (path) => existsSync(join(directory, path)),
    hasData: (folder) => hasData(join(directory, folder)),
  };
}

function hasData(directory: string): boolean {
  return readdirSync(directory, { withFileTypes: true }).some((entry) =>
    entry.isDirectory()
      ? entry.name !== 'node_modules' && hasData(join(directory, entry.name))
      : !CODE.test(entry.name),
  );
}
