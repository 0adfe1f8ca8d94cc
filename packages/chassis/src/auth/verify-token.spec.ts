import { createPublicKey, createSecretKey, createSign, generateKeyPairSync } from 'node:crypto';
import { errors, importJWK, jwtVerify, SignJWT, type JWTVerifyGetKey } from 'jose';
import { describe, expect, it, vi } from 'vitest';
import { verifyToken } from './verify-token.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const short = generateKeyPairSync('rsa', { modulusLength: 1024 });
const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const RULES = {
  algorithms: ['RS256', 'RS384', 'PS256', 'ES256'],
  issuer: ['https://issuer.test'],
  audience: ['orders'],
  clockTolerance: 5,
  requiredClaims: ['exp'],
};

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

const now = Math.floor(Date.now() / 1000);
const CLAIMS = { iss: 'https://issuer.test', aud: 'orders', sub: 'ada', exp: now + 60 };

/** A token whose signature is right, whatever it says. */
function signed(header: unknown, claims: unknown, key = rsa.privateKey): string {
  const content = `${encode(header)}.${encode(claims)}`;
  return `${content}.${createSign('sha256').update(content).sign(key).toString('base64url')}`;
}

const good = signed({ alg: 'RS256', typ: 'JWT' }, CLAIMS);
const [header, payload, signature] = good.split('.') as [string, string, string];

/** What became of a token: its claims, or the code of the error. */
async function outcome(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    return error instanceof errors.JOSEError ? error.code : (error as Error).name;
  }
}

async function both(token: string, keyOf: JWTVerifyGetKey) {
  return {
    ours: await outcome(() => verifyToken(token, keyOf, RULES)),
    theirs: await outcome(async () => (await jwtVerify(token, keyOf, RULES)).payload),
  };
}

const signJwt = (alg: string, key: Parameters<SignJWT['sign']>[0]) =>
  new SignJWT(CLAIMS).setProtectedHeader({ alg }).sign(key);

describe('verifyToken decides as jose does', () => {
  it.each<[string, string, unknown]>([
    ['a good token', good, CLAIMS],
    ['an expired one', signed({ alg: 'RS256' }, { ...CLAIMS, exp: now - 60 }), 'ERR_JWT_EXPIRED'],
    [
      'one that ended within the tolerance',
      signed({ alg: 'RS256' }, { ...CLAIMS, exp: now - 2 }),
      { ...CLAIMS, exp: now - 2 },
    ],
    [
      'one that is not valid yet',
      signed({ alg: 'RS256' }, { ...CLAIMS, nbf: now + 60 }),
      'ERR_JWT_CLAIM_VALIDATION_FAILED',
    ],
    [
      'one of another issuer',
      signed({ alg: 'RS256' }, { ...CLAIMS, iss: 'https://evil.test' }),
      'ERR_JWT_CLAIM_VALIDATION_FAILED',
    ],
    [
      'one with a list of issuers',
      signed({ alg: 'RS256' }, { ...CLAIMS, iss: ['https://issuer.test'] }),
      'ERR_JWT_CLAIM_VALIDATION_FAILED',
    ],
    [
      'one for somebody else',
      signed({ alg: 'RS256' }, { ...CLAIMS, aud: ['users'] }),
      'ERR_JWT_CLAIM_VALIDATION_FAILED',
    ],
    [
      'one that never ends',
      signed({ alg: 'RS256' }, { ...CLAIMS, exp: undefined }),
      'ERR_JWT_CLAIM_VALIDATION_FAILED',
    ],
    [
      'one whose end is a text',
      signed({ alg: 'RS256' }, { ...CLAIMS, exp: 'never' }),
      'ERR_JWT_CLAIM_VALIDATION_FAILED',
    ],
    [
      'other claims under the signature',
      `${header}.${encode({ ...CLAIMS, sub: 'eve' })}.${signature}`,
      'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    ],
    [
      'another header over the signature',
      `${encode({ alg: 'RS384' })}.${payload}.${signature}`,
      'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    ],
    [
      'the signature of another key',
      signed({ alg: 'RS256' }, CLAIMS, other.privateKey),
      'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    ],
    ['no signature', `${header}.${payload}.`, 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'],
    ['the algorithm "none"', `${encode({ alg: 'none' })}.${payload}.`, 'ERR_JOSE_ALG_NOT_ALLOWED'],
    [
      '"none" with a signature',
      `${encode({ alg: 'none' })}.${payload}.${signature}`,
      'ERR_JOSE_ALG_NOT_ALLOWED',
    ],
    [
      'an algorithm that is not allowed',
      signed({ alg: 'RS512' }, CLAIMS),
      'ERR_JOSE_ALG_NOT_ALLOWED',
    ],
    [
      'an extension that has to be understood',
      signed({ alg: 'RS256', crit: ['x'], x: 1 }, CLAIMS),
      'ERR_JOSE_NOT_SUPPORTED',
    ],
    [
      'a payload that is not encoded',
      signed({ alg: 'RS256', crit: ['b64'], b64: false }, CLAIMS),
      'ERR_JWT_INVALID',
    ],
    ['claims that are a list', signed({ alg: 'RS256' }, [CLAIMS]), 'ERR_JWT_INVALID'],
    ['claims that are no JSON', signed({ alg: 'RS256' }, 'hello'), 'ERR_JWT_INVALID'],
    ['a header that is no JSON', signed('hello', CLAIMS), 'ERR_JWS_INVALID'],
    ['a header that is a list', signed([{ alg: 'RS256' }], CLAIMS), 'ERR_JWS_INVALID'],
    ['four parts', `${good}.x`, 'ERR_JWS_INVALID'],
    ['a blank before it', ` ${good}`, 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'],
    ['padding behind it', `${good}==`, CLAIMS],
  ])('%s', async (_, token, expected) => {
    const { ours, theirs } = await both(token, () => rsa.publicKey);
    expect(ours).toEqual(theirs);
    expect(ours).toEqual(
      typeof expected === 'object' ? expect.objectContaining(expected) : expected,
    );
  });

  it('a secret made of the public key', async () => {
    const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const token = await signJwt('HS256', createSecretKey(Buffer.from(pem)));
    const { ours, theirs } = await both(token, () => createPublicKey(pem));
    expect([ours, theirs]).toEqual(Array(2).fill('ERR_JOSE_ALG_NOT_ALLOWED'));
  });

  it.each([
    ['PS256', rsa],
    ['ES256', curve],
  ])('%s, which jose verifies', async (alg, { privateKey, publicKey }) => {
    const { ours, theirs } = await both(await signJwt(alg, privateKey), () => publicKey);
    expect(ours).toEqual(theirs);
    expect(ours).toMatchObject(CLAIMS);
  });

  it('keys of an issuer, for the one algorithm that they are for', async () => {
    const jwk = rsa.publicKey.export({ format: 'jwk' });
    const key = (await importJWK(jwk, 'RS256')) as Awaited<ReturnType<JWTVerifyGetKey>>;
    for (const token of [good, good, await signJwt('RS384', rsa.privateKey)]) {
      const { ours, theirs } = await both(token, () => key);
      expect(ours).toEqual(theirs);
    }
  });

  it.each([
    ['too short', short.publicKey],
    ['of another kind', curve.publicKey],
    ['private', rsa.privateKey],
    ['a secret', new Uint8Array(32)],
  ])('a key that is %s', async (_, key) => {
    const { ours, theirs } = await both(
      signed({ alg: 'RS256' }, CLAIMS, short.privateKey),
      () => key,
    );
    expect(ours).toEqual(theirs);
    expect(typeof ours).toBe('string');
  });

  it('asks for the key once, with the header, and passes on why there is none', async () => {
    const keyOf = vi.fn<JWTVerifyGetKey>(() => rsa.publicKey);
    await verifyToken(signed({ alg: 'RS256', kid: 'one' }, CLAIMS), keyOf, RULES);
    expect(keyOf.mock.calls.map(([asked]) => asked)).toEqual([{ alg: 'RS256', kid: 'one' }]);
    const none = () => Promise.reject(new errors.JWKSNoMatchingKey());
    expect(await outcome(() => verifyToken(good, none, RULES))).toBe('ERR_JWKS_NO_MATCHING_KEY');
  });
});
