import { mustRun } from '../command.js';

const QUIET = ['-qq', '-o', 'Acquire::Retries=3', '-o', 'DPkg::Lock::Timeout=300'];
const ENV = { DEBIAN_FRONTEND: 'noninteractive' };

let updated: Promise<unknown> | undefined;

/** Installs Debian packages (`name` or `name/suite`). Updates the package lists once per process. */
export async function aptInstall(packages: string[]): Promise<void> {
  updated ??= mustRun('apt-get', ['update', ...QUIET], { env: ENV });
  await updated;
  // --no-remove: our packages must not replace anything that the machine already has.
  const options = ['--yes', '--no-remove', '--no-install-recommends', ...QUIET];
  await mustRun('apt-get', ['install', ...options, ...packages], { env: ENV });
}
