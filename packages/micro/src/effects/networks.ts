import type { EngineAddress } from '../docker/command';
import { inspectNetworksArguments } from '../docker/network';
import { runDocker } from './engine';
import type { Runner } from './process';

/** A network of the engine, as far as IPv4 goes. */
export interface Network {
  name: string;
  /** `172.20.0.0/16`; absent where it has none. */
  subnet?: string;
  gateway?: string;
  /** Of the containers that run in it, by their ids. */
  addresses: ReadonlyMap<string, string>;
}

interface NetworkJson {
  Name: string;
  IPAM: { Config: { Subnet: string; Gateway?: string }[] | null };
  Containers: Record<string, { IPv4Address: string }> | null;
}

/** Networks by name. @throws {EngineError} where one of them is not there. */
export async function readNetworks(
  runner: Runner,
  address: EngineAddress,
  names: readonly string[],
): Promise<Map<string, Network>> {
  if (names.length === 0) return new Map();
  const args = inspectNetworksArguments(names);
  const { stdout } = await runDocker(runner, args, address, 'Could not look at the networks');
  const networks = (JSON.parse(stdout) as NetworkJson[]).map(toNetwork);
  return new Map(networks.map((network) => [network.name, network]));
}

function toNetwork({ Name, IPAM, Containers }: NetworkJson): Network {
  const own = IPAM.Config?.find(({ Subnet }) => Subnet.includes('.'));
  const gateway = own?.Gateway?.replace(/\/.*/, '');
  return {
    name: Name,
    ...(own ? { subnet: own.Subnet } : {}),
    ...(gateway ? { gateway } : {}),
    addresses: new Map(
      Object.entries(Containers ?? {})
        .filter(([, { IPv4Address }]) => IPv4Address !== '')
        .map(([id, { IPv4Address }]) => [id, IPv4Address.replace(/\/.*/, '')]),
    ),
  };
}
