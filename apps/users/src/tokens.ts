import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  type JSONWebKeySet,
  type JWK,
} from 'jose';
import type { Config } from './config.js';
import type { Resources } from './resources.js';
import type { User } from './user-store.js';

const ALGORITHM = 'ES256';
const LIFETIME_SECONDS = 3600;

export type Tokens = ReturnType<typeof tokenIssuer>;

/** Signs tokens with a key that all replicas share, and publishes its public half. */
export function tokenIssuer(
  { database }: Pick<Resources, 'database'>,
  { JWT_ISSUER, JWT_AUDIENCE }: Pick<Config, 'JWT_ISSUER' | 'JWT_AUDIENCE'>,
) {
  async function signingKey(): Promise<JWK> {
    const { rows } = await database.query<{ private_jwk: JWK }>(
      'SELECT private_jwk FROM signing_keys WHERE signs',
    );
    return rows[0]?.private_jwk ?? createKey();
  }

  /** If several replicas start at the same time, all use the key that was written first. */
  async function createKey(): Promise<JWK> {
    const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
    const key = await exportJWK(privateKey);
    const kid = await calculateJwkThumbprint(key);
    await database.query(
      'INSERT INTO signing_keys (kid, private_jwk) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [kid, { ...key, kid, alg: ALGORITHM, use: 'sig' }],
    );
    return signingKey();
  }

  return {
    async issue({ id, name }: User): Promise<{ token: string; expiresIn: number }> {
      const key = await signingKey();
      const token = await new SignJWT({ name })
        .setProtectedHeader({ alg: ALGORITHM, kid: key.kid })
        .setSubject(id)
        .setIssuer(JWT_ISSUER)
        .setAudience(JWT_AUDIENCE)
        .setIssuedAt()
        .setExpirationTime(`${LIFETIME_SECONDS}s`)
        .sign(await importJWK(key, ALGORITHM));
      return { token, expiresIn: LIFETIME_SECONDS };
    },

    async publicKeys(): Promise<JSONWebKeySet> {
      await signingKey();
      const { rows } = await database.query<{ private_jwk: JWK }>(
        'SELECT private_jwk FROM signing_keys',
      );
      return { keys: rows.map(({ private_jwk }) => publicHalf(private_jwk)) };
    },
  };
}

function publicHalf({ kty, crv, x, y, kid, alg, use }: JWK): JWK {
  return { kty, crv, x, y, kid, alg, use } as JWK;
}
