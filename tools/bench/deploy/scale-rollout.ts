import { setTimeout as sleep } from 'node:timers/promises';
import { mustRun } from '../../command.js';

const POLL_MS = 1000;

export interface ScaleRollout {
  /** Arguments of docker up to the verb: `compose --project-name … --file …`. */
  compose: readonly string[];
  cwd: string;
  /** Seconds that a new container may take to become healthy. */
  healthTimeout: number;
}

/**
 * How scripts around Compose replace one service. The best known is docker-rollout: start a second container beside the
 * first, wait until it is healthy, stop and remove the first. This is our own implementation of that method, with its
 * order and its pause between two checks.
 *
 * @returns whether the new container serves. If not, it was removed.
 */
export async function rollOutByScale(
  { compose, cwd, healthTimeout }: ScaleRollout,
  service: string,
): Promise<boolean> {
  const list = async () => {
    const ids = await mustRun('docker', [...compose, 'ps', '--quiet', service], { cwd });
    return ids.split('\n').filter(Boolean);
  };
  const end = async (ids: string[]) => {
    await mustRun('docker', ['stop', ...ids]);
    await mustRun('docker', ['rm', ...ids]);
  };
  const old = await list();
  const scale = ['--scale', `${service}=${old.length * 2}`, '--no-recreate', service];
  await mustRun('docker', [...compose, 'up', '--detach', ...scale], { cwd });
  const made = (await list()).filter((id) => !old.includes(id));
  const healthy = await becomeHealthy(made, healthTimeout);
  await end(healthy ? old : made);
  return healthy;
}

async function becomeHealthy(ids: readonly string[], withinSeconds: number): Promise<boolean> {
  for (let waited = 0; waited < withinSeconds * 1000; waited += POLL_MS) {
    const format = ['--format', '{{.State.Health.Status}}'];
    const states = (await mustRun('docker', ['inspect', ...format, ...ids])).trim().split('\n');
    if (states.every((state) => state === 'healthy')) return true;
    await sleep(POLL_MS);
  }
  return false;
}
