import { fastify } from 'fastify';
import { describe, expect, it } from 'vitest';
import { parseTrustedProxies, trustProxy } from './trust-proxy.js';

describe('TRUST_PROXY', () => {
  it.each([
    ['1', 1],
    ['0', 0],
    ['172.16.0.0/12', ['172.16.0.0/12']],
    ['loopback, 10.0.0.1,fd00::/8', ['loopback', '10.0.0.1', 'fd00::/8']],
  ])('%s', (text, proxies) => expect(parseTrustedProxies(text)).toEqual(proxies));

  it.each(['true', '-1', '1.5', 'proxy', '10.0.0.0/33', '10.0.0.0/0', '::/0', '10.0.0/8', ','])(
    'is refused: %s',
    (text) => expect(() => parseTrustedProxies(text)).toThrow('expected a number of proxies'),
  );
});

/** The caller that Fastify then finds in a list of addresses, of which the last is that of the connection. */
async function caller(proxies: string, ...chain: string[]): Promise<string> {
  const app = fastify({ trustProxy: trustProxy(parseTrustedProxies(proxies)) });
  app.get('/', ({ ip }) => ({ ip }));
  const remoteAddress = chain.pop();
  const headers = { 'x-forwarded-for': chain.join(', ') };
  return (await app.inject({ url: '/', headers, remoteAddress })).json<{ ip: string }>().ip;
}

describe('the caller', () => {
  it.each([
    ['0', ['203.0.113.1', '10.0.0.1'], '10.0.0.1'],
    ['1', ['203.0.113.1', '10.0.0.1'], '203.0.113.1'],
    ['1', ['198.51.100.1', '203.0.113.1', '10.0.0.1'], '203.0.113.1'],
    ['2', ['203.0.113.1', '10.0.0.2', '10.0.0.1'], '203.0.113.1'],
    ['10.0.0.0/8', ['198.51.100.1', '203.0.113.1', '10.0.0.2', '10.0.0.1'], '203.0.113.1'],
    ['10.0.0.0/8', ['198.51.100.1', '203.0.113.1'], '203.0.113.1'],
    ['loopback', ['203.0.113.1', '127.0.0.1'], '203.0.113.1'],
  ] as const)('with TRUST_PROXY=%s of %j is %s', async (proxies, chain, ip) => {
    expect(await caller(proxies, ...chain)).toBe(ip);
  });
});
