import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../../command.js';
import { readHost } from '../../debian/host.js';
import { findReleaseSource, formatSource, readAptSources } from '../../debian/sources.js';
import { LabError, say } from '../../program.js';

const SUITE = 'sid';
const PACKAGES = ['docker.io', 'docker-cli', 'docker-buildx', 'docker-compose', 'containerd'];

/** Where Docker's client looks for its plugins, in the packages and on the machine. */
export const PLUGINS = '/usr/libexec/docker/cli-plugins';

/** What to put before `PATH` so that the programs of a folder are found first. */
export function programPath(folder: string): string {
  return [join(folder, 'usr/bin'), join(folder, 'usr/sbin')].join(':');
}

/**
 * Unpacks the newest Docker that Debian has into a folder, unless it is there. Nothing is installed: the
 * machine's own Docker and its package lists stay as they are. The programs need the machine's own runc.
 * @throws LabError if apt fails or this machine's apt sources serve no Debian release.
 */
export async function ensureNewestPrograms(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  const unpacked = `${folder}.partial`;
  const lists = `${folder}.apt`;
  say(`getting the newest Docker from Debian ${SUITE} ...`);
  try {
    await rm(unpacked, { recursive: true, force: true });
    await mkdir(unpacked, { recursive: true });
    for (const file of await download(lists)) await mustRun('dpkg-deb', ['-x', file, unpacked]);
    await rename(unpacked, folder);
  } finally {
    await rm(lists, { recursive: true, force: true });
    await rm(unpacked, { recursive: true, force: true });
  }
}

/** @returns the package files, in the folder that apt keeps its state in. */
async function download(folder: string): Promise<string[]> {
  const source = join(folder, 'newest.sources');
  for (const part of ['lists/partial', 'cache/archives/partial', 'parts', 'packages']) {
    await mkdir(join(folder, part), { recursive: true });
  }
  await writeFile(source, formatSource(ownSource(), SUITE));
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
  await mustRun('apt-get', ['download', '-qq', ...options, ...PACKAGES], { cwd: packages });
  return (await readdir(packages)).map((name) => join(packages, name));
}

function ownSource() {
  const { debian } = readHost();
  const own = debian && findReleaseSource(readAptSources(), debian.codename);
  if (own) return own;
  throw new LabError(
    'The newest engine is taken from a mirror of Debian, and /etc/apt names none. Add one, on Debian 12 or later.',
  );
}
