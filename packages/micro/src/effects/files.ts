import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import {
  chmod,
  lstat,
  lutimes,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { KeyFile } from '../image/image-key';
import type { ReadFile } from '../platform/workspace';

/** Reads files of a workspace on disk. */
export function fileReader(workspaceRoot: string): ReadFile {
  return (path) => {
    const file = join(workspaceRoot, path);
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  };
}

/**
 * Every file below `directory`, relative to it, with forward slashes, sorted.
 * @param enter whether to go into the folder of that relative path.
 */
export async function listFiles(
  directory: string,
  enter: (folder: string) => boolean = () => true,
): Promise<string[]> {
  const walk = async (folder: string): Promise<string[]> => {
    const entries = await readdir(join(directory, folder), { withFileTypes: true });
    const nested = await Promise.all(
      entries.map((entry) => {
        const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (!entry.isDirectory()) return [path];
        return enter(path) ? walk(path) : [];
      }),
    );
    return nested.flat();
  };
  return (await walk('')).sort();
}

/** The files of `paths` (relative to `directory`) as an image key reads them. */
export async function readKeyFiles(
  directory: string,
  paths: readonly string[],
): Promise<KeyFile[]> {
  return Promise.all(
    paths.map(async (path) => {
      const file = join(directory, path);
      const stats = await lstat(file);
      const content = stats.isSymbolicLink() ? `-> ${await readlink(file)}` : await readFile(file);
      return {
        path,
        executable: (stats.mode & 0o111) !== 0,
        hash: createHash('sha256').update(content).digest('hex'),
      };
    }),
  );
}

/**
 * Gives every file and folder below `directory` the same time, and the mode that a file has on any
 * machine, so that equal content gives equal layers.
 */
export async function normaliseFiles(directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true });
  await Promise.all(
    entries.map(async (entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return normaliseFiles(path);
      if (entry.isSymbolicLink()) return lutimes(path, 0, 0);
      const { mode } = await lstat(path);
      await chmod(path, mode & 0o111 ? 0o755 : 0o644);
      return utimes(path, 0, 0);
    }),
  );
  await chmod(directory, 0o755);
  await utimes(directory, 0, 0);
}

/** Writes a file so that a reader sees the old content or the new, never half of it. */
export async function writeWhole(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const staging = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(staging, text);
    await rename(staging, file);
  } finally {
    await rm(staging, { force: true });
  }
}

/** Runs `use` with a fresh folder that only this user can read and that is gone afterwards. */
export async function withTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'micro-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
