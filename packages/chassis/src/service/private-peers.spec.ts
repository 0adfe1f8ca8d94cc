import type { FastifyRequest } from 'fastify';
import { expect, it } from 'vitest';
import { gateway } from '../gateway/gateway.js';
import * as metricsModule from '../telemetry/metrics.js';
import { readConfig } from './config.js';
import { privatePeers } from './private-peers.js';
import { createService, type Service } from './service.js';

function service(more: Record<string, string> = {}): Service {
  const env = { NODE_ENV: 'test', LOG_LEVEL: 'silent', PORT: '3001', METRICS: 'on', ...more };
  return createService({
    name: 'gateway',
    config: readConfig('gateway', {}, env),
    metrics: () => Promise.resolve(metricsModule),
    routes: async (app) => {
      app.get('/api/open', () => ({}));
      await app.register(gateway({ providers: [] }).routes);
    },
  });
}

async function statuses(
  { app }: Service,
  remoteAddress: string,
  headers: Record<string, string> = {},
): Promise<number[]> {
  const answers = ['/health', '/ready', '/metrics', '/api/open'].map((url) =>
    app.inject({ url, remoteAddress, headers }),
  );
  return (await Promise.all(answers)).map(({ statusCode }) => statusCode);
}

const ASKED = [200, 503, 200, 200];
const NOT_THERE = [404, 404, 404, 200];

it.each(['127.0.0.1', '::1', '172.18.0.1', '10.42.0.7', '::ffff:192.168.1.7', 'fd00::7'])(
  'answers probes of %s, which is private',
  async (address) => expect(await statuses(service(), address)).toEqual(ASKED),
);

it.each(['203.0.113.7', '::ffff:203.0.113.7', '2001:db8::7', '172.32.0.1', '11.0.0.1'])(
  'has no probe routes for %s, which is public',
  async (address) => expect(await statuses(service(), address)).toEqual(NOT_THERE),
);

it.each(['x-forwarded-for', 'forwarded', 'x-real-ip', 'x-forwarded-host'])(
  'has none for callers through a proxy that sends %s',
  async (name) => {
    expect(await statuses(service(), '172.18.0.2', { [name]: '127.0.0.1' })).toEqual(NOT_THERE);
    const trusting = service({ TRUST_PROXY: '1' });
    expect(await statuses(trusting, '172.18.0.2', { [name]: '127.0.0.1' })).toEqual(NOT_THERE);
  },
);

it('has none by another spelling or method', async () => {
  const { app } = service();
  const urls = [
    '/metrics',
    '/%6detrics',
    '/metrics?a=b',
    '/metrics/',
    '//metrics',
    '/a/../ready',
    '/HEALTH',
  ];
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST'] as const) {
    for (const url of urls) {
      const { statusCode } = await app.inject({ method, url, remoteAddress: '203.0.113.7' });
      expect([method, url, statusCode]).toEqual([method, url, 404]);
    }
  }
});

it('answers probes from additional networks', async () => {
  const named = service({ PROBE_NETWORKS: '203.0.113.0/24, 2001:db8::7' });
  expect(await statuses(named, '203.0.113.7')).toEqual(ASKED);
  expect(await statuses(named, '2001:db8::7')).toEqual(ASKED);
  expect(await statuses(named, '2001:db8::8')).toEqual(NOT_THERE);
});

it('refuses an invalid network at startup', () => {
  expect(() => service({ PROBE_NETWORKS: 'kubelet' })).toThrow(
    'PROBE_NETWORKS: expected addresses',
  );
});

const asks = (remoteAddress: string, localAddress = '172.18.0.3') =>
  ({ raw: { socket: { remoteAddress, localAddress } }, headers: {} }) as unknown as FastifyRequest;

it('treats callers through a published port as public, even if the engine replaced their address', () => {
  const gateways = () => ['172.18.0.1', 'fd00:0000:0000:0000:0000:0000:0000:0001'];
  const mayAsk = privatePeers([], { gateways, isKubernetes: false });
  expect(mayAsk(asks('172.18.0.1'))).toBe(false);
  expect(mayAsk(asks('::ffff:172.18.0.1'))).toBe(false);
  expect(mayAsk(asks('fd00::1'))).toBe(false);
  // Rootless Podman.
  expect(mayAsk(asks('172.18.0.3'))).toBe(false);
  expect(mayAsk(asks('::ffff:172.18.0.3'))).toBe(false);
  // Other containers, and the health check in the same container.
  expect(mayAsk(asks('172.18.0.4'))).toBe(true);
  expect(mayAsk(asks('127.0.0.1', '127.0.0.1'))).toBe(true);
  expect(mayAsk(asks('::1', '::1'))).toBe(true);
  expect(privatePeers(['172.18.0.1'], { gateways, isKubernetes: false })(asks('172.18.0.1'))).toBe(
    true,
  );
  // A kubelet.
  expect(privatePeers([], { gateways, isKubernetes: true })(asks('172.18.0.1'))).toBe(true);
});
