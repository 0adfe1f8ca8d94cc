import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';

/** The routes of this process's network, on Linux: https://docs.kernel.org/filesystems/proc.html */
const ROUTES = '/proc/net/route';
const ROUTES_V6 = '/proc/net/ipv6_route';

/** The addresses of the default gateways; empty if they are unknown. */
export function defaultGateways(read = readRoutes): string[] {
  return [...parseRoutes(read(ROUTES)), ...parseRoutesV6(read(ROUTES_V6))];
}

function readRoutes(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/**
 * `eth0 00000000 010011AC 0003 …`: interface, destination, gateway. The addresses are in the byte order of the machine.
 */
function parseRoutes(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [, destination, gateway = ''] = line.trim().split(/\s+/);
    if (destination !== '00000000' || !/^[0-9A-F]{8}$/i.test(gateway)) return [];
    const bytes = [...Buffer.from(gateway, 'hex')];
    if (bytes.every((byte) => byte === 0)) return [];
    return [(endianness() === 'LE' ? bytes.reverse() : bytes).join('.')];
  });
}

/** Destination, its prefix length, source, its prefix length, next hop. */
function parseRoutesV6(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [destination = '', bits, , , hop = ''] = line.trim().split(/\s+/);
    const isDefault = bits === '00' && /^0{32}$/.test(destination);
    if (!isDefault || !/^[0-9a-f]{32}$/.test(hop) || /^0{32}$/.test(hop)) return [];
    return [hop.match(/.{4}/g)!.join(':')];
  });
}
