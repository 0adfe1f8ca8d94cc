import { isIP } from 'node:net';
import { isPrivateAddress } from '../service/private-peers.js';

/** Whether a URL points to a neighbour: a name without a dot, as containers have, `localhost`, or a private address. */
export function isInternalUrl({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(host) === 0
    ? !host.replace(/\.$/, '').includes('.') || /\.(?:localhost|internal|local)$/.test(host)
    : isPrivateAddress(host);
}
