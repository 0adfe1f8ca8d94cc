import type { Container } from '../../../deployment/container';
import { removeArguments, stopArguments } from '../../../docker/container';
import { runDocker } from '../../../effects/engine';
import { idsOf, type Roll } from './roll-state';

/** Removes containers that get no traffic. Those that still run may finish their requests first. */
export async function removeLeftovers(
  { runner, address, service }: Pick<Roll, 'runner' | 'address' | 'service'>,
  leftovers: readonly Container[],
): Promise<void> {
  const what = `Could not remove what an earlier deploy of ${service} left`;
  const running = leftovers.filter(({ state }) => state === 'running');
  if (running.length > 0) await runDocker(runner, stopArguments(idsOf(running)), address, what);
  await runDocker(runner, removeArguments(idsOf(leftovers)), address, what);
}
