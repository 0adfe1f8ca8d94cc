import type { Container } from '../../../deployment/container';
import { startArguments } from '../../../docker/container';
import { waitUntilHealthy } from './health';
import { idsOf, runIn, type Roll } from './roll';
import { join, leave } from './traffic';

/** Brings back containers that served before a deploy which was ended. */
export async function revive(
  parts: Pick<Roll, 'runner' | 'address' | 'addresses' | 'healthTimeout' | 'service' | 'clock'>,
  containers: readonly Container[],
  namesOf: (container: Container) => Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  const run = runIn(parts);
  const stopped = idsOf(containers.filter(({ state }) => state !== 'running'));
  if (stopped.length > 0) {
    await run(startArguments(stopped), `Could not start ${parts.service} again`);
  }
  for (const container of containers) {
    for (const [network, names] of Object.entries(namesOf(container))) {
      if (container.networks[network]) await leave(run, container, network);
      await join(run, container, network, names);
    }
  }
  await waitUntilHealthy(parts, idsOf(containers));
}
