import { createHash, randomUUID } from 'node:crypto';
import {
  chmod,
  cp,
  lstat,
  lutimes,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Clock } from './clock';
import { artifactDigest, type KeyFile } from '../image/image-key';

export { fileReader } from './file-reader';

/**
 * Every file below `directory`, relative to it, with forward slashes, sorted.
 *
 * @param enter whether to read the folder with that relative path.
 */
export async function listFiles(
  directory: string,
  enter: (folder: string) => boolean = () => true,
): Promise<string[]> {
  const walk = async (folder: string): Promise<string[]> => {
    const entries = await readdir(join(directory, folder), { withFileTypes: true });
    const nested = await Promise.all(
      entries.map(async (entry) => {
        const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (!entry.isDirectory()) return [path];
        return enter(path) ? walk(path) : [];
      }),
    );
    return nested.flat();
  };
  return (await walk('')).sort();
}

/** The files at `paths` (relative to `directory`), as the image key needs them. */
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
 * Sets the mode and the time of every file below `directory`. Both depend on its content alone.
 *
 * The executable bit is set on what the kernel can start: scripts with `#!` and ELF programs. The bit of the working
 * tree is ignored: Nx hashes content only, so a restored output has the bit of the time when it was first built, and
 * some file systems have no such bit.
 *
 * Different content must get a different time: BuildKit considers a file unchanged if path, size and time are the same,
 * and would build the old content into the image.
 */
export async function normaliseFiles(directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true });
  await Promise.all(
    entries.map(async (entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return normaliseFiles(path);
      if (entry.isSymbolicLink()) return lutimes(path, 0, 0);
      const content = await readFile(path);
      await chmod(path, isProgram(content) ? 0o755 : 0o644);
      const time = timeOf(content);
      return utimes(path, time, time);
    }),
  );
  await chmod(directory, 0o755);
  await utimes(directory, 0, 0);
}

function isProgram(content: Buffer): boolean {
  return ['#!', '\x7fELF'].some((magic) =>
    content.subarray(0, magic.length).equals(Buffer.from(magic)),
  );
}

const COPY_ATTEMPTS = 10;
const COPY_PAUSE = 100;

/**
 * Copies a folder that another build may replace meanwhile, and normalises the copy. So what is hashed is what is
 * built, and the copy never mixes two builds.
 *
 * @returns its files, relative and sorted; `undefined` if the folder does not exist or keeps changing for a second.
 */
export async function copyWhole(
  from: string,
  to: string,
  clock: Clock,
): Promise<string[] | undefined> {
  for (let attempt = 0; attempt < COPY_ATTEMPTS; attempt++) {
    if (attempt > 0) await clock.sleep(COPY_PAUSE);
    const before = await inodeOf(from);
    if (before === undefined) continue;
    await rm(to, { recursive: true, force: true });
    try {
      const paths = await listFiles(from);
      await mkdir(to, { recursive: true });
      for (const path of paths) {
        await mkdir(dirname(join(to, path)), { recursive: true });
        await cp(join(from, path), join(to, path), { verbatimSymlinks: true });
      }
      if ((await inodeOf(from)) !== before) continue;
      await normaliseFiles(to);
      return paths;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return undefined;
}

/**
 * Copies an artifact like {@link copyWhole}, into a folder of `context` that is named after its content. BuildKit keeps
 * what it received before, and sets the time of a folder only if the folder is new to it. With a name per content it is
 * new, so equal content gives an equal layer (tried with Docker 26.1).
 *
 * @returns its files; `undefined` if there is no artifact.
 */
export async function copyArtifact(
  from: string,
  context: string,
  clock: Clock,
): Promise<KeyFile[] | undefined> {
  const copy = join(context, 'content');
  const paths = await copyWhole(from, copy, clock);
  if (!paths) return undefined;
  const files = await readKeyFiles(copy, paths);
  await rename(copy, join(context, artifactDigest(files)));
  return files;
}

/** The inode shows whether a folder was replaced by another one with the same path. */
async function inodeOf(folder: string): Promise<bigint | undefined> {
  try {
    return (await stat(folder, { bigint: true })).ino;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A time in seconds with milliseconds, between 1970 and 2038, from the first 41 bits of the hash. */
function timeOf(content: Buffer): number {
  const hash = createHash('sha256').update(content).digest();
  return (hash.readUInt32BE(0) >>> 1) + (hash.readUInt16BE(4) % 1000) / 1000;
}

/** Writes a file. Readers see the old content or the new, never a part of it. */
export async function writeWhole(file: string, text: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const staging = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(staging, text, { mode });
    await rename(staging, file);
  } finally {
    await rm(staging, { force: true });
  }
}

/** Runs `use` with a new folder that only this user can read, and removes it afterwards. */
export async function withTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'micro-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
