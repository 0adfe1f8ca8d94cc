import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../command.js';
import { LabError, say } from '../program.js';
import { readHost } from './host.js';
import { findReleaseSource, formatSource, readAptSources } from './sources.js';

/** Programs of another Debian suite, to run beside those of this machine. */
export interface UnpackedPrograms {
  /** Such as `sid`. */
  suite: string;
  packages: readonly string[];
  /** Its name in progress messages: `the newest Docker`. */
  what: string;
}

/**
 * Unpacks packages of another Debian suite into a folder, unless the folder exists. Nothing is installed: the machine's
 * own programs and its package lists stay as they are.
 *
 * @throws LabError if apt fails or this machine has no apt source with a Debian release.
 */
export async function ensureUnpacked(folder: string, programs: UnpackedPrograms): Promise<void> {
  if (existsSync(folder)) return;
  const unpacked = `${folder}.partial`;
  const lists = `${folder}.apt`;
  say(`getting ${programs.what} from Debian ${programs.suite} ...`);
  try {
    await rm(unpacked, { recursive: true, force: true });
    await mkdir(unpacked, { recursive: true });
    for (const file of await download(lists, programs)) {
      await mustRun('dpkg-deb', ['-x', file, unpacked]);
    }
    await rename(unpacked, folder);
  } finally {
    await rm(lists, { recursive: true, force: true });
    await rm(unpacked, { recursive: true, force: true });
  }
}

/** @returns the package files, in the folder in which apt keeps its state. */
async function download(folder: string, programs: UnpackedPrograms): Promise<string[]> {
  const source = join(folder, 'own.sources');
  for (const part of ['lists/partial', 'cache/archives/partial', 'parts', 'packages']) {
    await mkdir(join(folder, part), { recursive: true });
  }
  await writeFile(source, formatSource(ownSource(programs), programs.suite));
  const options = [
    `Dir::State::Lists=${join(folder, 'lists')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    `Dir::Etc::SourceList=${source}`,
    `Dir::Etc::SourceParts=${join(folder, 'parts')}`,
    `Dir::Etc::PreferencesParts=${join(folder, 'parts')}`,
    'APT::Sandbox::User=root',
    'Acquire::Retries=3',
  ].flatMap((option) => ['-o', option]);
  await mustRun('apt-get', ['update', '-qq', ...options]);
  const packages = join(folder, 'packages');
  await mustRun('apt-get', ['download', '-qq', ...options, ...programs.packages], {
    cwd: packages,
  });
  return (await readdir(packages)).map((name) => join(packages, name));
}

function ownSource({ what }: UnpackedPrograms) {
  const { debian } = readHost();
  const own = debian && findReleaseSource(readAptSources(), debian.codename);
  if (own) return own;
  throw new LabError(
    `A mirror of Debian serves ${what}, and /etc/apt names none. Add one, on Debian 12 or later.`,
  );
}
