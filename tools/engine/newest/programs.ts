import { join } from 'node:path';
import { ensureUnpacked } from '../../debian/unpack.js';

const DOCKER = {
  suite: 'sid',
  packages: ['docker.io', 'docker-cli', 'docker-buildx', 'docker-compose', 'containerd'],
  what: 'the newest Docker',
};

/** Where Docker's client looks for its plugins, in the packages and on the machine. */
export const PLUGINS = '/usr/libexec/docker/cli-plugins';

/** What to put before `PATH` so that the programs of a folder are found first. */
export function programPath(folder: string): string {
  return [join(folder, 'usr/bin'), join(folder, 'usr/sbin')].join(':');
}

/**
 * Unpacks the newest Docker that Debian has into a folder, unless it is there. Its programs need the machine's own runc.
 * @throws LabError if it cannot be had.
 */
export async function ensureNewestPrograms(folder: string): Promise<void> {
  await ensureUnpacked(folder, DOCKER);
}
