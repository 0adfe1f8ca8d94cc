import { BlockList, isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { defaultGateways } from './default-gateway.js';

/** Networks that are not part of the internet: RFC 1918, 6598, 3927, 4193, 4291 and loopback. */
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

/** Headers in which proxies describe the original caller. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

const isPrivate = within(PRIVATE);

/** @param address a valid one, IPv4 or IPv6. */
export function isPrivateAddress(address: string): boolean {
  return isPrivate(plainAddress(address));
}

/** Facts about the machine; tests pass their own. */
export interface Surroundings {
  gateways: () => readonly string[];
  /**
   * Whether this is Kubernetes. Its nodes send probes from the address of the pod's gateway, and publish no container
   * ports.
   */
  isKubernetes: boolean;
}

const ACTUAL: Surroundings = {
  gateways: defaultGateways,
  isKubernetes: process.env.KUBERNETES_SERVICE_HOST !== undefined,
};

/**
 * Decides whether a request comes from the platform itself: from a private address, and not through a proxy. Requests
 * through the published port of a container may have the address of the network's gateway (Docker's userland proxy,
 * IPv6, rootless engines) or of the container itself (Podman). Those count as public.
 *
 * @param more additional networks that may call, such as `203.0.113.0/24`.
 */
export function privatePeers(
  more: readonly string[] = [],
  { gateways, isKubernetes }: Surroundings = ACTUAL,
): (request: FastifyRequest) => boolean {
  const isNamed = within(more.map(parseNetwork));
  const isPublishedPort = (address: string, own: string) =>
    !isKubernetes &&
    !isLoopback(address) &&
    (address === own || within(gateways().map(parseNetwork))(address));

  return ({ raw, headers }) => {
    if (FORWARDED.some((name) => headers[name] !== undefined)) return false;
    const address = plainAddress(raw.socket.remoteAddress);
    if (isIP(address) === 0) return false;
    if (isNamed(address)) return true;
    return (
      isPrivateAddress(address) && !isPublishedPort(address, plainAddress(raw.socket.localAddress))
    );
  };
}

type Network = readonly [address: string, bits: number, family: 'ipv4' | 'ipv6'];

function parseNetwork(network: string): Network {
  const [address = '', bits] = network.split('/');
  return isIP(address) === 6
    ? [address, Number(bits ?? 128), 'ipv6']
    : [address, Number(bits ?? 32), 'ipv4'];
}

function within(networks: readonly Network[]): (address: string) => boolean {
  const list = new BlockList();
  for (const [address, bits, family] of networks) list.addSubnet(address, bits, family);
  return (address) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

const isLoopback = within([
  ['127.0.0.0', 8, 'ipv4'],
  ['::1', 128, 'ipv6'],
]);

/** Node listens on IPv6 for both: `::ffff:192.168.1.7` is an IPv4 address. */
function plainAddress(address: string | undefined): string {
  return address?.replace(/^::ffff:(?=\d+\.)/i, '') ?? '';
}
