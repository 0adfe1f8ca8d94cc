import { fastify, type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { jwt } from '../auth/jwt.js';
import { serviceKeys } from '../auth/service-keys.js';
import { trustProxy } from '../service/trust-proxy.js';
import { rateLimit } from './rate-limit.js';

const SECRET = 'a secret of at least 32 bytes, 0123';
const rules = {
  issuer: 'https://id.example.com',
  audience: 'shop',
  algorithms: ['HS256'],
} as const;
const KEY = 'gateway-key-0123456789';

function tokenOf(sub: string): Promise<string> {
  return new SignJWT({ sub, iss: rules.issuer, aud: rules.audience })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1m')
    .sign(new TextEncoder().encode(SECRET));
}

const byToken = async (app: FastifyInstance) => app.register(jwt({ ...rules, secret: SECRET }));
const byKey = async (app: FastifyInstance) => app.register(serviceKeys({ keys: { gateway: KEY } }));
const limits = async (app: FastifyInstance) =>
  app.register(rateLimit({ max: 50, windowMs: 60_000 }));

async function appWith(
  plugins: readonly ((app: FastifyInstance) => Promise<unknown>)[],
  options: FastifyServerOptions = {},
): Promise<FastifyInstance> {
  const app: FastifyInstance = fastify(options);
  for (const plugin of plugins) await plugin(app);
  app.get('/', (request) => ({ sub: request.user?.sub }));
  app.get('/open', { config: { auth: false } }, () => ({}));
  app.get('/free', { config: { rateLimit: false } }, () => ({}));
  return app;
}

async function statuses(
  app: FastifyInstance,
  times: number,
  headers: Record<string, string>,
  { remoteAddress = '10.0.0.1', url = '/' } = {},
): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (let i = 0; i < times; i++) {
    const { statusCode } = await app.inject({ url, headers, remoteAddress });
    counts[statusCode] = (counts[statusCode] ?? 0) + 1;
  }
  return counts;
}

const bad = { authorization: 'Bearer a.b.c' };

describe.each([
  ['after jwt', [byToken, limits], bad],
  ['before jwt', [limits, byToken], bad],
  ['after serviceKeys', [byKey, limits], { 'x-service-key': 'wrong' }],
  ['after jwt, without any token', [byToken, limits], {}],
] as const)('rateLimit %s', (_name, plugins, headers) => {
  it('counts failures, and refuses the address when there are too many', async () => {
    const app = await appWith(plugins);
    expect(await statuses(app, 200, headers)).toEqual({ 401: 50, 429: 150 });
    expect(await statuses(app, 1, headers, { remoteAddress: '10.0.0.2' })).toEqual({ 401: 1 });
  });
});

it('says when an address may try again, and checks no token until then', async () => {
  const app = await appWith([byToken, limits]);
  await statuses(app, 50, bad);
  const response = await app.inject({ url: '/', headers: bad, remoteAddress: '10.0.0.1' });
  expect(response.statusCode).toBe(429);
  expect(Number(response.headers['retry-after'])).toBeGreaterThan(50);
  expect(response.headers['www-authenticate']).toBeUndefined();
  const good = { authorization: `Bearer ${await tokenOf('u-1')}` };
  expect(await statuses(app, 1, good)).toEqual({ 429: 1 });
  expect(await statuses(app, 1, good, { remoteAddress: '10.0.0.2' })).toEqual({ 200: 1 });
});

it('keeps open routes available to an address that failed, and routes without a limit', async () => {
  const app = await appWith([byToken, limits]);
  await statuses(app, 60, bad);
  expect(await statuses(app, 1, {}, { url: '/open' })).toEqual({ 200: 1 });
  expect(await statuses(app, 60, bad, { url: '/free' })).toEqual({ 401: 60 });
});

it('counts a user separately from an address with the same name', async () => {
  const app = await appWith([byToken, limits]);
  const asAddress = { authorization: `Bearer ${await tokenOf('10.0.0.9')}` };
  expect(await statuses(app, 60, asAddress)).toEqual({ 200: 50, 429: 10 });
  expect(await statuses(app, 1, {}, { url: '/open', remoteAddress: '10.0.0.9' })).toEqual({
    200: 1,
  });
  const other = { authorization: `Bearer ${await tokenOf('ip:10.0.0.9')}` };
  expect(await statuses(app, 1, other)).toEqual({ 200: 1 });
});

describe('behind a proxy', () => {
  const behind = (proxies: Parameters<typeof trustProxy>[0]) =>
    appWith([byToken, limits], { trustProxy: trustProxy(proxies) });
  const from = (address: string) => ({ ...bad, 'x-forwarded-for': address });

  it.each([1, ['10.0.0.0/8']])('distinguishes callers with %j', async (proxies) => {
    const app = await behind(proxies);
    expect(await statuses(app, 60, from('203.0.113.1'))).toEqual({ 401: 50, 429: 10 });
    expect(await statuses(app, 1, from('203.0.113.2'))).toEqual({ 401: 1 });
  });

  it.each([1, ['10.0.0.0/8']])(
    "trusts the proxy's header, not the caller's, with %j",
    async (proxies) => {
      const app = await behind(proxies);
      // The proxy appends the address of the caller.
      for (let i = 0; i < 50; i++) await statuses(app, 1, from(`198.51.100.${i}, 203.0.113.1`));
      expect(await statuses(app, 1, from('198.51.100.99, 203.0.113.1'))).toEqual({ 429: 1 });
    },
  );

  it('trusts no header without TRUST_PROXY', async () => {
    const app = await behind(undefined);
    for (let i = 0; i < 50; i++) await statuses(app, 1, from(`198.51.100.${i}`));
    expect(await statuses(app, 1, from('198.51.100.99'))).toEqual({ 429: 1 });
  });
});
