import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Transform, type Readable, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../platform/user-error';

/** What was written to a file. */
export interface Written {
  bytes: number;
  /** Hex. */
  sha256: string;
}

/**
 * Writes a file of any size as it comes, readable by this user only. It gets its name only after `fill` has ended and
 * everything is on the disk. If that fails, or nothing came, there is no file.
 */
export async function writeStreamed(
  file: string,
  fill: (output: Writable) => Promise<void>,
): Promise<Written> {
  const staging = `${file}.${randomUUID()}.partial`;
  const hash = createHash('sha256');
  let bytes = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, pass) {
      hash.update(chunk);
      bytes += chunk.length;
      pass(null, chunk);
    },
  });
  const target = createWriteStream(staging, { flags: 'wx', mode: 0o600, flush: true });
  const written = pipeline(meter, target);
  // The error is handled below; the file may fail while `fill` still runs.
  written.catch(() => undefined);
  try {
    await fill(meter);
    meter.end();
    await written;
    if (bytes === 0) throw new UserError(`${basename(file)}: there was nothing to write`);
    await rename(staging, file);
    return { bytes, sha256: hash.digest('hex') };
  } catch (error) {
    // Without an error, the pipeline would wait for ever if `meter` has all bytes, but the file does not yet.
    meter.destroy(error as Error);
    // The error of the file, such as a full disk, says more than that of the program that could not write.
    const cause = await written.then(
      () => undefined,
      (reason: NodeJS.ErrnoException) => reason,
    );
    throw cause?.syscall === undefined ? error : cause;
  } finally {
    await rm(staging, { force: true });
  }
}

/** The sha256 of a file of any size, in hex; `undefined` if it does not exist. */
export async function hashFile(file: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file), hash);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return hash.digest('hex');
}

/** The last bytes of a file as text; `''` if it does not exist. */
export async function readEnd(file: string, bytes: number): Promise<string> {
  try {
    const { size } = await stat(file);
    return await text(createReadStream(file, { start: Math.max(0, size - bytes) }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

export function readStreamed(file: string): Readable {
  return createReadStream(file);
}

/** Makes a new folder that only this user can read. */
export async function makePrivateFolder(folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
  await mkdir(folder, { mode: 0o700 });
}

/** Makes a folder that git ignores. An existing folder stays as it is. */
export async function makeIgnoredFolder(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (made !== undefined) await writeFile(join(folder, '.gitignore'), '*\n');
}
