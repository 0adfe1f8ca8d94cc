import type { EngineAddress } from '../docker/command';
import { inspectNetworkArguments } from '../docker/network';
import { runDocker } from './engine';
import type { Runner } from './process';

/** A network of the engine, with its IPv4 settings. */
export interface Network {
  /** `172.20.0.0/16`; absent if it has none. */
  subnet?: string;
  gateway?: string;
  /** Addresses of its running containers, by their ids. */
  addresses: ReadonlyMap<string, string>;
}

interface NetworkJson {
  IPAM: { Config: { Subnet: string; Gateway?: string }[] | null };
  Containers: Record<string, { IPv4Address: string }> | null;
}

/** @throws {EngineError} if the network does not exist. */
export async function readNetwork(
  runner: Runner,
  address: EngineAddress,
  name: string,
): Promise<Network> {
  const args = inspectNetworkArguments(name);
  const what = `Could not look at the network ${name}`;
  const { stdout } = await runDocker(runner, args, address, what);
  const [{ IPAM, Containers }] = JSON.parse(stdout) as [NetworkJson];
  const own = IPAM.Config?.find(({ Subnet }) => Subnet.includes('.'));
  const gateway = own?.Gateway?.replace(/\/.*/, '');
  return {
    ...(own ? { subnet: own.Subnet } : {}),
    ...(gateway ? { gateway } : {}),
    addresses: new Map(
      Object.entries(Containers ?? {})
        .filter(([, { IPv4Address }]) => IPv4Address !== '')
        .map(([id, { IPv4Address }]) => [id, IPv4Address.replace(/\/.*/, '')]),
    ),
  };
}
