import { mustRun } from '../command.js';
import { DEBIAN_BASE, ensureDebianBase } from './debian-base.js';
import { STAND_IN_LABEL } from './local-image.js';

export interface StandInBuild {
  /** The public reference that it gets as its tag. */
  ref: string;
  dockerfile: string;
  /** The folder with files that are copied into it. */
  context: string;
  target?: string;
  arguments?: Record<string, string>;
}

/**
 * Builds an image on `DEBIAN_BASE` (`ARG BASE`) and labels it as a stand-in.
 * @throws LabError if the base or the build fails.
 */
export async function buildStandIn(build: StandInBuild): Promise<void> {
  await ensureDebianBase();
  const values = Object.entries({ BASE: DEBIAN_BASE, ...build.arguments });
  await mustRun('docker', [
    ...['buildx', 'build', '--builder', 'default', '--load', '--quiet'],
    ...['--file', build.dockerfile, '--tag', build.ref],
    ...(build.target === undefined ? [] : ['--target', build.target]),
    ...values.flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    ...['--label', `${STAND_IN_LABEL}=true`, build.context],
  ]);
}
