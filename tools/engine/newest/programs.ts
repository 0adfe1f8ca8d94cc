import { join } from 'node:path';
import { ensureUnpacked } from '../../debian/unpack.js';

const DOCKER = {
  suite: 'sid',
  packages: ['docker.io', 'docker-cli', 'docker-buildx', 'docker-compose', 'containerd'],
  what: 'the newest Docker',
};

/** The folders in which Docker's client looks for its plugins, in the packages and on the machine. */
export const PLUGINS = '/usr/libexec/docker/cli-plugins';

/** What to put before `PATH` so that the programs of a folder are found first. */
export function programPath(folder: string): string {
  return [join(folder, 'usr/bin'), join(folder, 'usr/sbin')].join(':');
}

/**
 * Unpacks the newest Docker of Debian into a folder, unless the folder exists. Its programs need the machine's own
 * runc.
 *
 * @throws LabError if that fails.
 */
export async function ensureNewestPrograms(folder: string): Promise<void> {
  await ensureUnpacked(folder, DOCKER);
}
