import type { Network } from '../../../effects/networks';

/**
 * How many addresses below that of a container are free. A container that is disconnected from a network and connected
 * again gets the lowest free one, so it keeps its own only if there is none below. A chosen address is possible only in
 * networks with a subnet that a user configured.
 *
 * @returns undefined if its address or the network's subnet is not known.
 */
export function freeBelow({ subnet, gateway, addresses }: Network, id: string): number | undefined {
  const own = addresses.get(id);
  if (own === undefined || subnet === undefined) return undefined;
  const first = toNumber(subnet.replace(/\/.*/, '')) + 1;
  const taken = new Set([...addresses.values()].map(toNumber));
  taken.add(gateway === undefined ? first : toNumber(gateway));
  let free = 0;
  for (let address = first; address < toNumber(own); address++) {
    if (!taken.has(address)) free++;
  }
  return free;
}

/** `172.20.0.2` */
function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
