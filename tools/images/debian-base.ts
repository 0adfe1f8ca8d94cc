import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from '../command.js';
import { aptInstall } from '../debian/apt.js';
import { readHost } from '../debian/host.js';
import { findReleaseSource, readAptSources } from '../debian/sources.js';
import { LabError, say } from '../program.js';
import { readLocalImage, STAND_IN_LABEL } from './local-image.js';
import { inTemporaryDirectory } from './temporary-directory.js';

/** The base of stand-ins: a minimal Debian 12, kept as its own image. */
export const DEBIAN_BASE = 'micro-stand-in/debian:bookworm-slim';

/** Folders that `slim` images leave empty, too. The folders themselves stay, because packages expect them. */
const LEFT_OUT = [
  './dev/*',
  './proc/*',
  './sys/*',
  './tmp/*',
  './usr/share/doc/*',
  './usr/share/info/*',
  './usr/share/locale/*',
  './usr/share/man/*',
  './var/cache/apt/*',
  './var/lib/apt/lists/*',
  './var/log/*',
];

/**
 * Makes `DEBIAN_BASE` with debootstrap (about 30 s) unless the engine has it.
 * @throws LabError if debootstrap or the import fails.
 */
export async function ensureDebianBase(): Promise<void> {
  if (await readLocalImage(DEBIAN_BASE)) return;
  const mirror = findMirror();
  await ensureDebootstrap();
  say('debootstrap of a minimal Debian 12 ...');
  await inTemporaryDirectory(async (directory) => {
    const root = join(directory, 'root');
    const archive = join(directory, 'root.tar');
    const options = ['--variant=minbase', '--include=ca-certificates'];
    await mustRun('debootstrap', [...options, 'bookworm', root, mirror]);
    const excludes = LEFT_OUT.map((pattern) => `--exclude=${pattern}`);
    await mustRun('tar', ['--create', '--file', archive, '-C', root, ...excludes, '.']);
    const changes = ['CMD ["bash"]', `LABEL ${STAND_IN_LABEL}=true`].flatMap((change) => [
      '--change',
      change,
    ]);
    await mustRun('docker', ['import', ...changes, archive, DEBIAN_BASE]);
  });
}

/** debootstrap takes one plain URL. */
function findMirror(): string {
  const { debian } = readHost();
  const own = debian && findReleaseSource(readAptSources(), debian.codename);
  const mirror = own?.uris.find((uri) => /^https?:/.test(uri));
  if (!mirror)
    throw new LabError('/etc/apt: no http mirror of Debian in the sources to take a base from.');
  return mirror;
}

async function ensureDebootstrap(): Promise<void> {
  if (existsSync('/usr/sbin/debootstrap')) return;
  say('installing debootstrap ...');
  await aptInstall(['debootstrap']);
}
