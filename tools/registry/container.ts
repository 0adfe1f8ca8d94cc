import { setTimeout as sleep } from 'node:timers/promises';
import { mustRun, run, succeeded } from '../command.js';
import { readLocalImage } from '../images/local-image.js';
import { pullImage } from '../images/pull.js';
import { LabError, say } from '../program.js';
import { probeRegistry } from './probe.js';

const IMAGES = ['registry:2', 'registry:3'];
const ANSWERS_WITHIN_MS = 30_000;

/** A registry image that exists here or could be pulled; `undefined` if there is none. */
export async function findRegistryImage(): Promise<string | undefined> {
  for (const ref of IMAGES) if (await readLocalImage(ref)) return ref;
  for (const ref of IMAGES) {
    say(`pulling ${ref} ...`);
    if ((await pullImage(ref)).kind === 'pulled') return ref;
  }
  return undefined;
}

/**
 * Runs a registry as a container that only this machine can reach, or starts the one from last time, and waits until it
 * is ready.
 *
 * @throws LabError with the container's last lines if it does not get ready.
 */
export async function startRegistryContainer(image: string, port: number): Promise<void> {
  const name = `micro-registry-${port}`;
  say(`starting ${image} as container ${name} ...`);
  if (!succeeded(await run('docker', ['start', name]))) {
    await mustRun('docker', [
      ...['run', '--detach', '--name', name, '--publish', `127.0.0.1:${port}:5000`],
      ...['--env', 'REGISTRY_STORAGE_DELETE_ENABLED=true', image],
    ]);
  }
  const deadline = Date.now() + ANSWERS_WITHIN_MS;
  while ((await probeRegistry(`127.0.0.1:${port}`)) !== 'registry') {
    if (Date.now() > deadline) {
      const { stdout, stderr } = await run('docker', ['logs', '--tail', '15', name]);
      throw new LabError(
        `The container ${name} does not answer. Its last lines:\n${stdout}${stderr}`,
      );
    }
    await sleep(100);
  }
}
