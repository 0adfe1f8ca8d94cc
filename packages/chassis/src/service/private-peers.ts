import { BlockList, isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** Networks that no caller from the internet is in: RFC 1918, 6598, 3927, 4193, 4291 and loopback. */
const PRIVATE: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[] = [
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['::1', 128, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
];

/** What proxies say of the caller they act for. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

/**
 * Tells whether a request comes from the platform itself: from a private address, and not through a proxy.
 * @param more networks whose probes come from public addresses, such as `203.0.113.0/24`.
 */
export function privatePeers(more: readonly string[] = []): (request: FastifyRequest) => boolean {
  const list = new BlockList();
  for (const [address, bits, family] of PRIVATE) list.addSubnet(address, bits, family);
  for (const network of more) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return ({ raw, headers }) => {
    if (FORWARDED.some((name) => headers[name] !== undefined)) return false;
    // Node listens on IPv6 for both: such an address is an IPv4 one.
    const address = raw.socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, '') ?? '';
    return isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  };
}
