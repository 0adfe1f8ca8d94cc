import type { Container } from '../../../deployment/container';
import { removeArguments, stopArguments } from '../../../docker/container';
import { runDocker } from '../../../effects/engine';
import { idsOf, type Roll } from './roll-state';

/** Removes what serves nobody; what still runs may end what it was asked. */
export async function removeLeftovers(
  { runner, address, service }: Pick<Roll, 'runner' | 'address' | 'service'>,
  leftovers: readonly Container[],
): Promise<void> {
  const what = `Could not remove what an earlier deploy of ${service} left`;
  const running = leftovers.filter(({ state }) => state === 'running');
  if (running.length > 0) await runDocker(runner, stopArguments(idsOf(running)), address, what);
  await runDocker(runner, removeArguments(idsOf(leftovers)), address, what);
}
