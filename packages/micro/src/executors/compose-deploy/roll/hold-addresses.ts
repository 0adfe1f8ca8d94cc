import { holderArguments, removeArguments } from '../../../docker/container';
import { runDocker } from '../../../effects/engine';
import type { Engine } from './roll-state';

/** The most addresses that are held for one container; more of them would take longer than a drain is worth. */
export const MOST_HELD = 8;

/**
 * Takes free addresses of a network for a moment, so that a container that is connected again gets its own. Services
 * that roll side by side leave free addresses behind when their old containers stop.
 *
 * @param image one with Node that the engine has. If it has no Node, no address is held.
 * @returns the ids of the containers that hold them, for `releaseAddresses`.
 */
export async function holdAddresses(
  { runner, address }: Pick<Engine, 'runner' | 'address'>,
  network: string,
  image: string,
  count: number,
): Promise<string[]> {
  const made = await Promise.allSettled(
    Array.from({ length: count }, () =>
      runDocker(
        runner,
        holderArguments(network, image),
        address,
        `Could not hold an address of ${network}`,
      ),
    ),
  );
  return made.flatMap((one) => (one.status === 'fulfilled' ? [one.value.stdout.trim()] : []));
}

/** A failure is no reason to stop a deploy: the containers end and go by themselves. */
export async function releaseAddresses(
  { runner, address }: Pick<Engine, 'runner' | 'address'>,
  held: readonly string[],
): Promise<void> {
  if (held.length === 0) return;
  await runDocker(runner, removeArguments(held), address, 'Could not release addresses').catch(
    () => undefined,
  );
}
