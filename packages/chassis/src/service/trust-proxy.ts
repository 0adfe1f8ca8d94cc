import { isIP } from 'node:net';

/** How many proxies are in front of a service, or which networks they are in. */
export type TrustedProxies = number | readonly string[];

/** Names that Fastify knows: https://www.npmjs.com/package/@fastify/proxy-addr */
const NAMED: ReadonlySet<string> = new Set(['linklocal', 'loopback', 'uniquelocal']);

/**
 * `1`, or `10.0.0.0/8, loopback`.
 * @throws {Error} with what is wrong.
 */
export function parseTrustedProxies(text: string): TrustedProxies {
  if (/^\s*\d+\s*$/.test(text)) return Number(text);
  return parseList(text, NAMED, 'a number of proxies, or addresses and networks');
}

/**
 * `203.0.113.0/24, 2001:db8::/32`.
 * @throws {Error} with what is wrong.
 */
export function parseNetworks(text: string): readonly string[] {
  return parseList(text, new Set(), 'addresses and networks');
}

function parseList(text: string, names: ReadonlySet<string>, expected: string): string[] {
  const networks = text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  const wrong = networks.filter((one) => !names.has(one) && !isNetwork(one));
  if (networks.length > 0 && wrong.length === 0) return networks;
  const named = wrong.map((one) => `"${one}"`).join(', ');
  throw new Error(`expected ${expected} such as 10.0.0.0/8${named && `, not ${named}`}`);
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const kind = isIP(address);
  if (kind === 0 || rest.length > 0) return false;
  // A network of 0 bits would trust everyone's `x-forwarded-for`.
  return (
    bits === undefined ||
    (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= (kind === 4 ? 32 : 128))
  );
}

/** Fastify's `trustProxy`. Since Fastify 5.12.8, a number there trusts nobody, so a function counts the proxies. */
export function trustProxy(
  proxies: TrustedProxies | undefined,
): boolean | string[] | ((address: string, hop: number) => boolean) {
  if (proxies === undefined) return false;
  if (typeof proxies === 'number') return (_address, hop) => hop < proxies;
  return [...proxies];
}
