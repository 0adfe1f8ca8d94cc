import type { Container } from '../../../deployment/container';
import { connectArguments, disconnectArguments } from '../../../docker/container';
import { runDocker } from '../../../effects/engine';
import { Interrupted } from '../../../effects/interruption';
import { readNetwork } from '../../../effects/networks';
import { UserError } from '../../../platform/user-error';
import { freeBelow } from './addresses';
import { holdAddresses, MOST_HELD, releaseAddresses } from './hold-addresses';
import type { Engine, Roll, Run } from './roll-state';

/** Time for callers that resolved the address of a container just before its name was withdrawn. */
export const DRAIN_MILLISECONDS = 1000;

/** The longest time between a network's return and the first packet that is sent again, beside the time it was away. */
const RETRANSMISSION_MILLISECONDS = 500;

/**
 * How many milliseconds a withdrawn container keeps running. What was sent to it while it was disconnected is sent again,
 * each time after twice as long as before (RFC 6298): after an interruption, that may take as long as the interruption.
 */
export function drainAfter(disconnected: number): number {
  return Math.max(DRAIN_MILLISECONDS, disconnected + RETRANSMISSION_MILLISECONDS);
}

/** Takes containers out of name resolution. They can still call others. */
export async function hide(run: Run, containers: readonly Container[]): Promise<void> {
  for (const { container, network } of placesOf(containers)) {
    await leave(run, container, network);
    await join(run, container, network, []);
  }
}

/**
 * Takes running containers out of name resolution, except those that would get another address: their open connections
 * would break.
 *
 * @returns the longest time for which one was disconnected, in milliseconds.
 */
export async function hideInPlace(
  engine: Engine & Pick<Roll, 'clock'>,
  containers: readonly Container[],
): Promise<number> {
  const { runner, address, addresses, clock } = engine;
  const run: Run = (args, what) => runDocker(runner, args, address, what);
  let longest = 0;
  for (const { container, network } of placesOf(containers)) {
    await addresses(async () => {
      const free = async () => freeBelow(await readNetwork(runner, address, network), container.id);
      const below = await free();
      if (below === undefined || below > MOST_HELD) return;
      const held = await holdAddresses(engine, network, container.image, below);
      try {
        if (below > 0 && (await free()) !== 0) return;
        const begun = clock.now();
        await leave(run, container, network);
        await join(run, container, network, []);
        longest = Math.max(longest, clock.now() - begun);
      } finally {
        await releaseAddresses(engine, held);
      }
    });
  }
  return longest;
}

/** Makes healthy containers resolvable under every name of their entry. */
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
 * Takes old containers out of name resolution before they are stopped, by disconnecting and connecting them again. One
 * that cannot keep its address stays resolvable until it stops; callers that it refuses then try another container.
 *
 * @returns how many milliseconds they have to keep running.
 */
export async function withdraw(parts: Roll, retired: readonly Container[]): Promise<number> {
  const { service, say } = parts;
  try {
    return drainAfter(await hideInPlace(parts, retired));
  } catch (error) {
    // The new ones serve already, so only stopping the old ones remains.
    if (!(error instanceof UserError) || error instanceof Interrupted) throw error;
    say(`${service}  warning: ${error.message}`);
    return DRAIN_MILLISECONDS;
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
