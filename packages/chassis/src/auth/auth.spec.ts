import type { ServerResponse } from 'node:http';
import { fastify, type FastifyInstance } from 'fastify';
import {
  base64url,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWTPayload,
} from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorAnswers } from '../errors/errors.js';
import { logLines } from '../testing/log-lines.js';
import { startProvider, type Provider } from '../testing/provider.js';
import { jwt, type JwtOptions } from './jwt.js';
import { serviceKeys } from './service-keys.js';

const SECRET = 'a secret of at least 32 bytes, 0123';
const rules = {
  issuer: 'https://id.example.com',
  audience: 'shop',
  algorithms: ['HS256'],
} as const;
const bySecret: JwtOptions = { ...rules, secret: SECRET };

interface Claims extends JWTPayload {
  alg?: string;
  kid?: string;
}

function token(
  { alg = 'HS256', kid, ...claims }: Claims = {},
  key: CryptoKey | Uint8Array = new TextEncoder().encode(SECRET),
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const all = { iss: rules.issuer, aud: rules.audience, sub: 'u-1', exp: now + 60, ...claims };
  return new SignJWT(all).setProtectedHeader({ alg, kid }).sign(key);
}

async function appWith(options: JwtOptions): Promise<FastifyInstance> {
  const app = fastify();
  errorAnswers(app);
  await app.register(jwt(options));
  app.get('/me', (request) => ({ sub: request.user?.sub }));
  app.get('/open', { config: { auth: false } }, (request) => ({ user: request.user }));
  return app;
}

function get(app: FastifyInstance, authorization?: string, url = '/me') {
  return app.inject({ url, headers: authorization === undefined ? {} : { authorization } });
}

describe('a token', () => {
  let app: FastifyInstance;
  beforeAll(async () => {
    app = await appWith(bySecret);
  });

  it('is verified, and its claims are the user', async () => {
    const response = await get(app, `Bearer ${await token()}`);
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({ sub: 'u-1' });
  });

  it('is not needed if the route says so', async () => {
    const response = await get(app, undefined, '/open');
    expect(response.json()).toEqual({ user: null });
  });

  it.each([undefined, '', 'Bearer', 'Basic bWU6bWU=', 'Bearer a b'])(
    'is required: %j is a 401 that asks for one',
    async (authorization) => {
      const response = await get(app, authorization);
      expect(response.statusCode).toBe(401);
      expect(response.headers['www-authenticate']).toBe('Bearer');
    },
  );

  const now = Math.floor(Date.now() / 1000);
  const unsigned = (header: object) =>
    `${base64url.encode(JSON.stringify(header))}.${base64url.encode(
      JSON.stringify({ iss: rules.issuer, aud: rules.audience, sub: 'root', exp: now + 60 }),
    )}.`;
  const wrong: Record<string, () => Promise<string> | string> = {
    expired: () => token({ exp: now - 10 }),
    'without an end': () => token({ exp: undefined }),
    'not valid yet': () => token({ nbf: now + 60 }),
    'signed by another': () => token({}, new TextEncoder().encode('x'.repeat(32))),
    'of another issuer': () => token({ iss: 'https://evil.example.com' }),
    'for another audience': () => token({ aud: 'bank' }),
    'without audience': () => token({ aud: undefined }),
    'of another algorithm': () => token({ alg: 'HS512' }, new TextEncoder().encode('x'.repeat(64))),
    'of alg none': () => unsigned({ alg: 'none' }),
    'of alg nOnE': () => unsigned({ alg: 'nOnE' }),
    'with other claims than were signed': async () => {
      const [header, , signature] = (await token()).split('.');
      return `${header}.${unsigned({}).split('.')[1]}.${signature}`;
    },
    'with a critical header that nobody knows': () => unsigned({ alg: 'HS256', crit: ['x'], x: 1 }),
    'that is no token': () => 'abc',
  };

  it.each(Object.keys(wrong))('that is %s is a 401 without details', async (name) => {
    const response = await get(app, `Bearer ${await wrong[name]?.()}`);
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
    expect(response.json()).toEqual({
      statusCode: 401,
      error: 'Unauthorized',
      message: 'the token is not valid',
    });
  });

  it('may have expired a few seconds ago, because clocks differ', async () => {
    expect(
      (await get(app, `Bearer ${await token({ exp: Math.floor(Date.now() / 1000) - 3 })}`))
        .statusCode,
    ).toBe(200);
  });
});

it('is required only by routes that ask for one, if the option says so', async () => {
  const app = fastify();
  await app.register(jwt({ ...bySecret, everyRoute: false }));
  app.get('/open', () => ({}));
  app.get('/me', { onRequest: app.authenticate }, (request) => ({ sub: request.user?.sub }));
  expect((await get(app, undefined, '/open')).statusCode).toBe(200);
  expect((await get(app)).statusCode).toBe(401);
  expect((await get(app, `Bearer ${await token()}`)).json()).toEqual({ sub: 'u-1' });
});

describe('a public key', () => {
  it('verifies, and is never used as a shared secret', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const pem = await exportSPKI(publicKey);
    const app = await appWith({ ...rules, publicKey: pem, algorithms: ['RS256'] });
    const good = await token({ alg: 'RS256' }, privateKey);
    expect((await get(app, `Bearer ${good}`)).statusCode).toBe(200);
    const forged = await token({ alg: 'HS256' }, new TextEncoder().encode(pem));
    expect((await get(app, `Bearer ${forged}`)).statusCode).toBe(401);
  });
});

describe('published keys', () => {
  let issuer: Provider;
  let keys: Record<string, Awaited<ReturnType<typeof generateKeyPair>>>;
  beforeAll(async () => {
    keys = {
      old: await generateKeyPair('ES256', { extractable: true }),
      new: await generateKeyPair('ES256', { extractable: true }),
    };
  });
  beforeEach(async () => {
    issuer = await startProvider();
    await publish('old');
  });
  afterEach(() => issuer.close());

  async function publish(...kids: string[]): Promise<void> {
    const jwks = await Promise.all(
      kids.map(async (kid) => ({ ...(await exportJWK(keys[kid]!.publicKey)), kid, alg: 'ES256' })),
    );
    issuer.answer((_request, response) => response.end(JSON.stringify({ keys: jwks })));
  }

  const signed = (kid: string) => token({ alg: 'ES256', kid }, keys[kid]?.privateKey);
  const options = (more: Partial<JwtOptions> = {}): JwtOptions => ({
    ...rules,
    algorithms: ['ES256'],
    jwksUrl: `${issuer.url}/jwks.json`,
    jwksTimeoutMs: 20_000,
    ...more,
  });

  it('are fetched once, and again if they have changed', async () => {
    const app = await appWith(options({ jwksCooldownMs: 0 }));
    for (let i = 0; i < 3; i++) await get(app, `Bearer ${await signed('old')}`);
    expect(issuer.requests).toHaveLength(1);
    await publish('old', 'new');
    expect((await get(app, `Bearer ${await signed('new')}`)).statusCode).toBe(200);
    expect(issuer.requests).toHaveLength(2);
  });

  it('are not fetched for each token with a made-up key', async () => {
    const app = await appWith(options());
    for (let i = 0; i < 5; i++) {
      expect((await get(app, `Bearer ${await signed('new')}`)).statusCode).toBe(401);
    }
    expect(issuer.requests).toHaveLength(1);
  });

  it('that cannot be fetched are a 503, because the token may be valid', async () => {
    for (const answer of [
      () => undefined,
      (_: unknown, response: { end(text: string): void }) => response.end('{}'),
      (_: unknown, response: { end(text: string): void }) => response.end('{"keys":[]}'),
    ]) {
      issuer.answer(answer);
      const response = await get(
        await appWith(options({ jwksTimeoutMs: 200 })),
        `Bearer ${await signed('old')}`,
      );
      expect(response.statusCode).toBe(503);
      expect(response.headers['www-authenticate']).toBeUndefined();
    }
  });

  describe('while the issuer is down', () => {
    // Only the clock of the keys is fake; network calls are real.
    beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
    afterEach(() => void vi.useRealTimers());
    const pass = (ms: number) => vi.advanceTimersByTime(ms);

    const away = (_: unknown, response: ServerResponse) => response.writeHead(500).end();
    const status = async (app: FastifyInstance, kid = 'old') =>
      (await get(app, `Bearer ${await signed(kid)}`)).statusCode;
    const asked = (times: number) => expect.poll(() => issuer.requests.length).toBe(times);

    it('are still used, without a delay, and one request refreshes them', async () => {
      const app = await appWith(options());
      expect(await status(app)).toBe(200);
      pass(600_001);
      issuer.answer(() => undefined);
      const tokens = await Promise.all(Array.from({ length: 20 }, () => status(app)));
      expect(tokens).toEqual(Array(20).fill(200));
      await asked(2);
    });

    it.each([
      ['answers 500', away],
      ['has no keys', (_: unknown, response: ServerResponse) => response.end('{"keys":[]}')],
      ['says nonsense', (_: unknown, response: ServerResponse) => response.end('<html>')],
    ])('are kept if it %s, and replaced when it is back', async (_name, listener) => {
      const app = await appWith(options());
      await status(app);
      issuer.answer(listener);
      pass(600_001);
      expect(await status(app)).toBe(200);
      await asked(2);
      pass(30_000);
      expect(await status(app)).toBe(200);
      await asked(3);
      await publish('new');
      pass(30_000);
      await vi.waitUntil(async () => (await status(app, 'new')) === 200, { timeout: 20_000 });
      expect(await status(app, 'old')).toBe(401);
    });

    it('are not used longer than the limit', async () => {
      const app = await appWith(options());
      expect(await status(app)).toBe(200);
      issuer.answer(away);
      pass(600_000 + 86_400_000 - 1);
      expect(await status(app)).toBe(200);
      await asked(2);
      pass(1001);
      expect(await status(app)).toBe(503);
    });

    it('a token with an unknown key is a 503, and leads to one fetch', async () => {
      const app = await appWith(options());
      expect(await status(app)).toBe(200);
      issuer.answer(away);
      expect(await status(app, 'new')).toBe(401);
      expect(issuer.requests).toHaveLength(1);
      pass(30_000);
      for (let i = 0; i < 5; i++) expect(await status(app, 'new')).toBe(503);
      expect(issuer.requests).toHaveLength(2);
    });

    it('are fetched at most once a second if there are none', async () => {
      issuer.answer(away);
      const app = await appWith(options());
      for (let i = 0; i < 5; i++) expect(await status(app)).toBe(503);
      expect(issuer.requests).toHaveLength(1);
      pass(1000);
      expect(await status(app)).toBe(503);
      expect(issuer.requests).toHaveLength(2);
    });

    it('that are in use are reported in the log once', async () => {
      const { lines, stream } = logLines();
      const told = () =>
        lines.map(({ msg }) => msg).filter((msg) => /keys of the issuer/.test(String(msg)));
      const app = fastify({ logger: { stream } });
      await app.register(jwt(options()));
      app.get('/me', (request) => ({ sub: request.user?.sub }));
      await status(app);
      issuer.answer(away);
      pass(600_001);
      await status(app);
      await expect.poll(told).toHaveLength(1);
      pass(1001);
      await status(app);
      await asked(3);
      await publish('old');
      pass(1001);
      await vi.waitUntil(async () => (await status(app)) === 200 && told().length > 1, {
        timeout: 20_000,
      });
      expect(told()).toEqual([
        'the keys of the issuer cannot be fetched: the last ones are used',
        'the keys of the issuer can be fetched again',
      ]);
    });
  });
});

describe('the options', () => {
  it.each<
    [string, Partial<Omit<JwtOptions, 'algorithms'>> & { algorithms?: readonly string[] }, string]
  >([
    ['no key', { secret: undefined }, 'give exactly one of jwksUrl, publicKey and secret'],
    [
      'two keys',
      { jwksUrl: 'https://id/jwks' },
      'give exactly one of jwksUrl, publicKey and secret',
    ],
    ['none', { algorithms: ['none'] }, 'algorithm "none" is not accepted'],
    ['no algorithm', { algorithms: [] }, 'algorithms must name at least one'],
    ['a short secret', { secret: 'short' }, 'the secret must have 32 bytes or more for HS256'],
    ['an empty issuer', { issuer: '' }, 'issuer must not be empty'],
    ['an empty audience', { audience: [] }, 'audience must not be empty'],
    ['RS256 by secret', { algorithms: ['RS256'] }, 'RS256 needs a public key'],
    [
      'HS256 by public key',
      { secret: undefined, publicKey: 'abc' },
      'publicKey must be a public key as PEM; HS256 needs a secret',
    ],
  ])('are refused at startup: %s', (_name, options, problem) => {
    expect(() => jwt({ ...bySecret, ...options } as JwtOptions)).toThrow(`jwt: ${problem}`);
  });
});

describe('service keys', () => {
  const gateway = 'gateway-key-0123456789';
  const [older, newer] = ['orders-key-0123456789', 'orders-key-9876543210'];

  async function app(): Promise<FastifyInstance> {
    const instance = fastify();
    await instance.register(serviceKeys({ keys: { gateway, orders: [older, newer] } }));
    instance.get('/', (request) => ({ caller: request.caller }));
    instance.get('/open', { config: { auth: false } }, (request) => ({ caller: request.caller }));
    return instance;
  }

  it.each([
    [gateway, 'gateway'],
    [older, 'orders'],
    [newer, 'orders'],
  ])('identify the caller', async (key, caller) => {
    const response = await (await app()).inject({ url: '/', headers: { 'x-service-key': key } });
    expect(response.json()).toEqual({ caller });
  });

  it.each([undefined, '', 'gateway', `${gateway}x`, gateway.slice(0, -1)])(
    'are required: %j is a 401',
    async (key) => {
      const headers = key === undefined ? {} : { 'x-service-key': key };
      const response = await (await app()).inject({ url: '/', headers });
      expect(response.statusCode).toBe(401);
      expect(response.headers['www-authenticate']).toBe('ServiceKey');
    },
  );

  it('are not needed if the route says so', async () => {
    expect((await (await app()).inject('/open')).json()).toEqual({ caller: null });
  });

  it('are refused at startup if they are weak or shared, all problems together', () => {
    const keys = { a: 'short', b: gateway, c: gateway };
    expect(() => serviceKeys({ keys })).toThrow(
      'serviceKeys: the key of "a" is shorter than 16 bytes; "b" and "c" have the same key',
    );
  });

  it('refuse everyone if none are configured', async () => {
    const instance = fastify();
    await instance.register(serviceKeys({ keys: {} }));
    instance.get('/', () => ({}));
    const headers = { 'x-service-key': '' };
    expect((await instance.inject({ url: '/', headers })).statusCode).toBe(401);
    expect((await instance.inject('/')).statusCode).toBe(401);
  });

  it('and tokens are both needed, unless a route is for services only', async () => {
    const instance = fastify();
    await instance.register(jwt(bySecret));
    await instance.register(serviceKeys({ keys: { gateway } }));
    instance.get('/', () => ({}));
    instance.get('/internal', { config: { jwt: false } }, () => ({}));
    const headers = { 'x-service-key': gateway };
    expect((await instance.inject({ url: '/', headers })).statusCode).toBe(401);
    expect((await instance.inject({ url: '/internal', headers })).statusCode).toBe(200);
    const both = { ...headers, authorization: `Bearer ${await token()}` };
    expect((await instance.inject({ url: '/', headers: both })).statusCode).toBe(200);
  });
});

it('logs why a token was refused, and not the token', async () => {
  const lines: string[] = [];
  const app = fastify({ logger: { stream: { write: (line: string) => void lines.push(line) } } });
  await app.register(jwt(bySecret));
  app.get('/me', () => ({}));
  const expired = await token({ exp: 1 });
  await get(app, `Bearer ${expired}`);
  await vi.waitFor(() => expect(lines.join('')).toContain('"exp\\" claim'));
  expect(lines.join('')).not.toContain(expired.split('.')[2]);
});
