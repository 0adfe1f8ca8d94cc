import { mustRun } from '../command.js';

/** Pushes an image of the engine to a registry, as a team mirrors those of others. @returns its reference there. */
export async function mirrorImage(registry: string, ref: string): Promise<string> {
  const mirrored = `${registry}/mirror/${ref}`;
  await mustRun('docker', ['tag', ref, mirrored]);
  await mustRun('docker', ['push', '--quiet', mirrored]);
  return mirrored;
}
