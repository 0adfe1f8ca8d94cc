import { fastify, type FastifyInstance } from 'fastify';
import { base64url, exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorAnswers } from '../errors/errors.js';
import { startProvider, type Provider } from '../testing/provider.js';
import { jwt, type JwtOptions } from './jwt.js';
import { VerifiedTokens } from './verified-tokens.js';
import { verifyToken } from './verify-token.js';

vi.mock('./verify-token.js', { spy: true });
const verify = vi.mocked(verifyToken);

const rules = {
  issuer: 'https://id.example.com',
  audience: 'shop',
  algorithms: ['RS256'],
} as const;

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;
let ours: KeyPair;
let other: KeyPair;
let pem: string;
beforeAll(async () => {
  ours = await generateKeyPair('RS256', { extractable: true });
  other = await generateKeyPair('RS256', { extractable: true });
  pem = await exportSPKI(ours.publicKey);
});

beforeEach(() => {
  verify.mockClear();
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const LIFETIME = 60;
const now = () => Math.floor(Date.now() / 1000);

function token({ kid = 'a', key = ours, ...claims }: Record<string, unknown> = {}) {
  const all = { iss: rules.issuer, aud: rules.audience, sub: 'u-1', exp: now() + LIFETIME };
  return new SignJWT({ ...all, ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: kid as string })
    .sign((key as KeyPair).privateKey);
}

async function appWith(options: Partial<JwtOptions>): Promise<FastifyInstance> {
  const app = fastify();
  errorAnswers(app);
  await app.register(jwt({ ...rules, ...options }));
  app.get('/me', ({ user }) => {
    const seen = { ...user };
    // A route may change its claims. This must not change those of other requests.
    Object.assign(user!, { sub: 'root', admin: true });
    return seen;
  });
  return app;
}

async function ask(app: FastifyInstance, bearer: string) {
  const headers = { authorization: `Bearer ${bearer}` };
  return app.inject({ url: '/me', headers });
}

const statusOf = async (app: FastifyInstance, bearer: string) =>
  (await ask(app, bearer)).statusCode;

describe('a token that was verified', () => {
  it('is not verified again, and each request has its own copy of the claims', async () => {
    const app = await appWith({ publicKey: pem });
    const bearer = await token({ roles: ['buyer'] });
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push((await ask(app, bearer)).json());
    expect(verify).toHaveBeenCalledTimes(1);
    const claims = { iss: rules.issuer, aud: 'shop', sub: 'u-1', exp: now() + LIFETIME };
    expect(answers).toEqual(Array(3).fill({ ...claims, roles: ['buyer'] }));
  });

  it('is verified each time if none may be remembered', async () => {
    const app = await appWith({ publicKey: pem, rememberedTokens: 0 });
    const bearer = await token();
    for (let i = 0; i < 3; i++) expect(await statusOf(app, bearer)).toBe(200);
    expect(verify).toHaveBeenCalledTimes(3);
  });

  it.each([0, 5])(
    'expires to the second, with a tolerance of %i s',
    async (clockToleranceSeconds) => {
      vi.setSystemTime(1_900_000_000_000);
      const app = await appWith({ publicKey: pem, clockToleranceSeconds });
      const bearer = await token();
      expect(await statusOf(app, bearer)).toBe(200);
      vi.setSystemTime(1_900_000_000_000 + (LIFETIME + clockToleranceSeconds) * 1000 - 1);
      expect(await statusOf(app, bearer)).toBe(200);
      vi.setSystemTime(1_900_000_000_000 + (LIFETIME + clockToleranceSeconds) * 1000);
      expect(await statusOf(app, bearer)).toBe(401);
      expect(await statusOf(app, bearer)).toBe(401);
    },
  );

  it('is not valid yet if the clock was set back to before its start', async () => {
    const app = await appWith({ publicKey: pem });
    const bearer = await token({ nbf: now() });
    expect(await statusOf(app, bearer)).toBe(200);
    vi.setSystemTime(Date.now() - 10_000);
    expect(await statusOf(app, bearer)).toBe(401);
  });

  it('does not make a similar token valid: each part and the algorithm count', async () => {
    const app = await appWith({ publicKey: pem });
    const bearer = await token();
    expect(await statusOf(app, bearer)).toBe(200);
    const [header, claims, signature] = bearer.split('.') as [string, string, string];
    const [otherHeader, , otherSignature] = (await token({ key: other })).split('.');
    const root = base64url.encode(
      JSON.stringify({ ...JSON.parse(Buffer.from(claims, 'base64url').toString()), sub: 'root' }),
    );
    const none = base64url.encode(JSON.stringify({ alg: 'none' }));
    const hmac = base64url.encode(JSON.stringify({ alg: 'HS256', kid: 'a' }));
    const forged = [
      [header, root, signature],
      [header, claims, otherSignature],
      [otherHeader, claims, otherSignature],
      [header, claims, ''],
      [none, claims, ''],
      [none, claims, signature],
      [hmac, claims, signature],
    ].map((parts) => parts.join('.'));
    // The public key used as a shared secret.
    const confused = await new SignJWT({ iss: rules.issuer, aud: 'shop', exp: now() + LIFETIME })
      .setProtectedHeader({ alg: 'HS256', kid: 'a' })
      .sign(new TextEncoder().encode(pem));
    for (const one of [...forged, confused]) expect(await statusOf(app, one)).toBe(401);
    expect(await statusOf(app, bearer)).toBe(200);
  });

  it('does not count in another place with other rules', async () => {
    const bearer = await token();
    const bank = await appWith({ publicKey: pem, audience: 'bank' });
    expect(await statusOf(await appWith({ publicKey: pem }), bearer)).toBe(200);
    expect(await statusOf(bank, bearer)).toBe(401);
  });

  it('is not remembered if it was refused', async () => {
    const app = await appWith({ publicKey: pem });
    const forged = await token({ key: other });
    for (let i = 0; i < 3; i++) expect(await statusOf(app, forged)).toBe(401);
    expect(verify).toHaveBeenCalledTimes(3);
  });
});

describe('when the published keys change', () => {
  let issuer: Provider;
  let app: FastifyInstance;
  beforeEach(async () => {
    issuer = await startProvider();
    await publish({ a: ours, b: other });
    app = await appWith({ jwksUrl: `${issuer.url}/jwks.json`, jwksTimeoutMs: 20_000 });
  });
  afterEach(() => issuer.close());

  async function publish(keys: Record<string, KeyPair>): Promise<void> {
    const jwks = await Promise.all(
      Object.entries(keys).map(async ([kid, { publicKey }]) => ({
        ...(await exportJWK(publicKey)),
        ...{ kid, alg: 'RS256' },
      })),
    );
    issuer.answer((_request, response) => response.end(JSON.stringify({ keys: jwks })));
  }

  /** Verified by now, and remembered. */
  async function remembered(): Promise<string> {
    const bearer = await token({ exp: now() + 7200 });
    for (let i = 0; i < 2; i++) expect(await statusOf(app, bearer)).toBe(200);
    verify.mockClear();
    expect(await statusOf(app, bearer)).toBe(200);
    expect(verify).not.toHaveBeenCalled();
    return bearer;
  }

  /** The keys have expired: the next request starts a fetch of new ones, but need not wait for it. */
  async function refetch(bearer: string): Promise<void> {
    const before = issuer.requests.length;
    vi.advanceTimersByTime(600_001);
    expect(await statusOf(app, bearer)).toBe(200);
    await expect.poll(() => issuer.requests.length).toBe(before + 1);
  }

  it('a token whose key is gone is refused as soon as the new keys are fetched', async () => {
    const bearer = await remembered();
    await publish({ b: other });
    await refetch(bearer);
    await vi.waitUntil(async () => (await statusOf(app, bearer)) === 401, { timeout: 20_000 });
    expect(await statusOf(app, await token({ kid: 'b', key: other }))).toBe(200);
  });

  it('a token is refused if its kid belongs to another key now', async () => {
    const bearer = await remembered();
    await publish({ a: other, b: other });
    await refetch(bearer);
    await vi.waitUntil(async () => (await statusOf(app, bearer)) === 401, { timeout: 20_000 });
  });

  it('a token with a new key causes a fetch, and known tokens are verified again', async () => {
    const bearer = await remembered();
    await publish({ c: other });
    vi.advanceTimersByTime(30_001);
    expect(await statusOf(app, await token({ kid: 'c', key: other }))).toBe(200);
    expect(await statusOf(app, bearer)).toBe(401);
  });

  it('a token stays remembered if the keys are the same as before', async () => {
    const bearer = await remembered();
    await refetch(bearer);
    for (let i = 0; i < 3; i++) expect(await statusOf(app, bearer)).toBe(200);
    expect(verify).not.toHaveBeenCalled();
  });

  it('a token is a 503 if the keys are too old and cannot be fetched', async () => {
    app = await appWith({
      ...{ jwksUrl: `${issuer.url}/jwks.json`, jwksTimeoutMs: 20_000 },
      jwksMaxStaleMs: 1000,
    });
    const bearer = await remembered();
    issuer.answer((_request, response) => response.writeHead(500).end());
    vi.advanceTimersByTime(601_001);
    expect(await statusOf(app, bearer)).toBe(503);
  });
});

describe('what is remembered', () => {
  const claims = () => ({ sub: 'u-1', exp: now() + LIFETIME });

  it('is limited: the token that was not used for longest is forgotten', () => {
    const tokens = new VerifiedTokens({ max: 2, clockTolerance: 0 });
    tokens.remember('a', claims(), 1);
    tokens.remember('b', claims(), 1);
    expect(tokens.find('a', 1)).toEqual(claims());
    tokens.remember('c', claims(), 1);
    expect(['a', 'b', 'c'].map((one) => tokens.find(one, 1) !== undefined)).toEqual([
      ...[true, false, true],
    ]);
    for (let i = 0; i < 1000; i++) tokens.remember(`t${i}`, claims(), 1);
    expect(tokens.size).toBe(2);
  });

  it('is dropped with the old keys, also for a token that was being verified meanwhile', () => {
    const tokens = new VerifiedTokens({ max: 10, clockTolerance: 0 });
    tokens.remember('a', claims(), 1);
    expect(tokens.find('a', 2)).toBeUndefined();
    tokens.remember('b', claims(), 2);
    tokens.remember('late', claims(), 1);
    expect(tokens.size).toBe(1);
    for (const edition of [1, 2]) expect(tokens.find('late', edition)).toBeUndefined();
    expect(tokens.find('a', 1)).toBeUndefined();
  });

  it('excludes tokens without an expiry or with very many claims', () => {
    const tokens = new VerifiedTokens({ max: 10, clockTolerance: 0 });
    tokens.remember('endless', { sub: 'u-1' }, 1);
    tokens.remember('large', { ...claims(), groups: 'x'.repeat(5000) }, 1);
    expect(tokens.size).toBe(0);
  });
});

it('the number to remember must be valid', () => {
  for (const rememberedTokens of [-1, 1.5, NaN, Infinity]) {
    expect(() => jwt({ ...rules, publicKey: pem, rememberedTokens })).toThrow(
      'jwt: rememberedTokens must be a whole number, 0 or more',
    );
  }
});
