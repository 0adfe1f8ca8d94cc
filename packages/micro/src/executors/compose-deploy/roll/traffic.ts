import type { Container } from '../../../deployment/container';
import { connectArguments, disconnectArguments } from '../../../docker/container';
import { runDocker } from '../../../effects/engine';
import { Interrupted } from '../../../effects/interruption';
import { readNetwork } from '../../../effects/networks';
import { UserError } from '../../../platform/user-error';
import { keepsAddress } from './addresses';
import type { Engine, Roll, Run } from './roll-state';

/** Time for callers that resolved the address of a container just before its name was withdrawn. */
export const DRAIN_MILLISECONDS = 1000;

/** Takes containers out of name resolution; they reach others all the same. */
export async function hide(run: Run, containers: readonly Container[]): Promise<void> {
  for (const { container, network } of placesOf(containers)) {
    await leave(run, container, network);
    await join(run, container, network, []);
  }
}

/**
 * Takes containers that serve out of name resolution, and leaves those as they are that would get another address: what
 * is open to them would break off.
 */
export async function hideInPlace(
  { runner, address, addresses }: Engine,
  containers: readonly Container[],
): Promise<void> {
  const run: Run = (args, what) => runDocker(runner, args, address, what);
  for (const { container, network } of placesOf(containers)) {
    await addresses(async () => {
      const here = await readNetwork(runner, address, network);
      if (!keepsAddress(here, container.id)) return;
      await leave(run, container, network);
      await join(run, container, network, []);
    });
  }
}

/** Lets healthy containers be found under every name that their entry gives them. */
export async function reveal(
  run: Run,
  containers: readonly Container[],
  { clock, linkPause }: Pick<Roll, 'clock' | 'linkPause'>,
): Promise<void> {
  const pause = await linkPause();
  for (const { container, network } of placesOf(containers)) await leave(run, container, network);
  if (pause > 0) await clock.sleep(pause);
  for (const { container, network, aliases } of placesOf(containers)) {
    await join(run, container, network, aliases);
  }
}

/**
 * Takes the names from the old containers before they are stopped. A name can only be taken away by connecting anew.
 * One that keeps its name because of its address is found until it stops; callers that are refused then ask another one.
 */
export async function withdraw(parts: Roll, retired: readonly Container[]): Promise<void> {
  const { service, say } = parts;
  try {
    await hideInPlace(parts, retired);
  } catch (error) {
    // The new ones serve already: what remains is to stop the old.
    if (!(error instanceof UserError) || error instanceof Interrupted) throw error;
    say(`${service}  warning: ${error.message}`);
  }
}

function placesOf(containers: readonly Container[]) {
  return containers.flatMap((container) =>
    Object.entries(container.networks).map(([network, { aliases }]) => ({
      container,
      network,
      aliases,
    })),
  );
}

export function leave(run: Run, { id, name }: Container, network: string): Promise<unknown> {
  return run(disconnectArguments(network, id), `Could not disconnect ${name} from ${network}`);
}

export function join(
  run: Run,
  { id, name }: Container,
  network: string,
  aliases: readonly string[],
): Promise<unknown> {
  return run(connectArguments(network, id, aliases), `Could not connect ${name} to ${network}`);
}
