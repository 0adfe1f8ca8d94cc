import { run } from '../command.js';
import { readHost } from '../debian/host.js';
import { installDocker as installFromTrixie } from '../engine/install.js';
import { LabError, say } from '../program.js';

/**
 * Installs cosign from Debian 13 if it is not on the PATH.
 *
 * @throws LabError if this is not Debian, or apt fails.
 */
export async function ensureCosign(): Promise<void> {
  if ((await run('cosign', ['version'])).kind !== 'not-found') return;
  const { debian } = readHost();
  if (!debian) throw new LabError('Install cosign: the tests of signatures need it.');
  say('installing cosign ...');
  await installFromTrixie(['cosign'], debian.codename === 'trixie' ? undefined : debian.codename);
}
