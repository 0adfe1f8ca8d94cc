import type { Network } from '../../../effects/networks';

/**
 * Whether a container that is disconnected from a network and connected again gets the same address. The engine assigns
 * the lowest free one; a chosen address is possible only in networks with a subnet that a user configured.
 */
export function keepsAddress({ subnet, gateway, addresses }: Network, id: string): boolean {
  const own = addresses.get(id);
  if (own === undefined || subnet === undefined) return false;
  const first = toNumber(subnet.replace(/\/.*/, '')) + 1;
  const taken = new Set([...addresses.values()].map(toNumber));
  taken.add(gateway === undefined ? first : toNumber(gateway));
  for (let address = first; address < toNumber(own); address++) {
    if (!taken.has(address)) return false;
  }
  return true;
}

/** `172.20.0.2` */
function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
