import { createPublicKey } from 'node:crypto';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { errors, type JWTPayload, type JWTVerifyOptions } from 'jose';
import { formatReason, HttpError } from '../errors/errors.js';
import type { EventLog } from '../telemetry/default-log.js';
import { failureLimitOf } from './failure-limit.js';
import { publishedKeys, type PublishedKeys } from './published-keys.js';
import { VerifiedTokens } from './verified-tokens.js';
import { verifyToken } from './verify-token.js';

export type AsymmetricAlgorithm =
  | 'EdDSA'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'Ed25519'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'RS256'
  | 'RS384'
  | 'RS512';
export type SymmetricAlgorithm = 'HS256' | 'HS384' | 'HS512';

export interface JwtOptions {
  /** The URL at which the issuer publishes its keys. Set exactly one of `jwksUrl`, `publicKey` and `secret`. */
  jwksUrl?: string;
  /** A public key, PEM. */
  publicKey?: string;
  /** A secret shared with the issuer, with at least as many bytes as the hash: 32 for HS256 (RFC 7518, 3.2). */
  secret?: string;
  /** The required `iss`; if there are several, one of them. */
  issuer: string | readonly string[];
  /** What `aud` must contain. */
  audience: string | readonly string[];
  /** The only accepted algorithms, whatever a token says. */
  algorithms: readonly (AsymmetricAlgorithm | SymmetricAlgorithm)[];
  /** How much clocks may differ, in seconds. Default 5. */
  clockToleranceSeconds?: number;
  /** Whether every route needs a token, except those with `config.auth` or `config.jwt` set to false. Default true. */
  everyRoute?: boolean;
  /** Time limit for fetching the keys. Default 2000. */
  jwksTimeoutMs?: number;
  /** After this time the keys are fetched again, in the background. Default 600 000. */
  jwksMaxAgeMs?: number;
  /** How much longer the last keys are used if the issuer cannot be reached. Default 86 400 000, a day. */
  jwksMaxStaleMs?: number;
  /** A token with an unknown key leads to a fetch, but at most one per this time. Default 30 000. */
  jwksCooldownMs?: number;
  /**
   * How many verified tokens are remembered, so that the next requests with them need no verification. The ones used
   * last are kept, each until it expires or the keys change. 0 verifies every request. Default 5000.
   */
  rememberedTokens?: number;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** A hook to protect single routes: `{ onRequest: app.authenticate }`. */
    authenticate(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  }
  interface FastifyRequest {
    /** The claims of the verified token; null if the route needs none. */
    user: JWTPayload | null;
  }
  interface FastifyContextConfig {
    /** False for a route that is open to everyone: no token and no service key. */
    auth?: boolean;
    /** False for a route that needs no token, such as one for services only. */
    jwt?: boolean;
  }
}

/**
 * Verifies the bearer token of each request. An invalid token is a 401. The answer does not say what is wrong; the log
 * does. If the issuer is down, its last keys are used; if there are none, the answer is a 503. Tokens without `exp` are
 * refused.
 *
 * @throws {TypeError} with all problems of the options.
 */
export function jwt(options: JwtOptions): FastifyPluginAsync {
  checkJwtOptions(options);
  const { everyRoute = true } = options;

  let verify: Verify;

  async function authenticate(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const limit = failureLimitOf(request);
    limit?.check(request, reply);
    const token = parseBearer(request.headers.authorization);
    if (token === undefined) {
      await limit?.count(request);
      throw refuse(reply, 'Bearer', 'a bearer token is required');
    }
    try {
      request.user = await verify(token);
    } catch (error) {
      if (!isTokensFault(error)) {
        request.log.info({ reason: formatReason(error) }, NO_KEYS);
        throw new HttpError(503, NO_KEYS, { cause: error });
      }
      await limit?.count(request);
      request.log.info({ reason: formatReason(error) }, 'token refused');
      throw refuse(reply, 'Bearer error="invalid_token"', 'the token is not valid');
    }
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- Fastify recognises this kind of plugin by `async`
  const plugin: FastifyPluginAsync = async (app) => {
    verify = verifier(options, app.log);
    app.decorateRequest('user', null);
    app.decorate('authenticate', authenticate);
    if (!everyRoute) return;
    app.addHook('onRequest', async (request, reply) => {
      const { auth, jwt } = request.routeOptions.config;
      if (auth !== false && jwt !== false) await authenticate(request, reply);
    });
  };
  return fp(plugin, { name: '@org/chassis/jwt', fastify: '5.x' });
}

const NO_KEYS = 'the keys of the issuer cannot be fetched';

type Verify = (token: string) => Promise<JWTPayload>;

function verifier(options: JwtOptions, log: EventLog): Verify {
  const clockTolerance = options.clockToleranceSeconds ?? 5;
  const rules: JWTVerifyOptions = {
    algorithms: [...options.algorithms],
    issuer: toList(options.issuer),
    audience: toList(options.audience),
    clockTolerance,
    requiredClaims: ['exp'],
  };
  const { keyOf, edition } = keysOf(options, log);
  const known = new VerifiedTokens({ max: options.rememberedTokens ?? 5000, clockTolerance });
  return async (token) => {
    // Read before verifying: if the keys change meanwhile, the token must not count as verified with the new ones.
    const now = edition();
    const claims = now === undefined ? undefined : known.find(token, now);
    if (claims) return claims;
    const payload = await verifyToken(token, keyOf, rules);
    if (now !== undefined) known.remember(token, payload, now);
    return payload;
  };
}

/** The edition is constant for a configured key, which never changes. */
function keysOf(options: JwtOptions, log: EventLog): PublishedKeys {
  if (options.jwksUrl === undefined) {
    const key =
      options.publicKey === undefined
        ? new TextEncoder().encode(options.secret)
        : createPublicKey(options.publicKey);
    return { keyOf: () => key, edition: () => 0 };
  }
  return publishedKeys({
    url: options.jwksUrl,
    timeoutMs: options.jwksTimeoutMs ?? 2000,
    maxAgeMs: options.jwksMaxAgeMs ?? 600_000,
    maxStaleMs: options.jwksMaxStaleMs ?? 86_400_000,
    cooldownMs: options.jwksCooldownMs ?? 30_000,
    log,
  });
}

const TOKENS_FAULT: ReadonlySet<string> = new Set([
  errors.JOSEAlgNotAllowed.code,
  errors.JOSENotSupported.code,
  errors.JWKSMultipleMatchingKeys.code,
  errors.JWKSNoMatchingKey.code,
  errors.JWSInvalid.code,
  errors.JWSSignatureVerificationFailed.code,
  errors.JWTClaimValidationFailed.code,
  errors.JWTExpired.code,
  errors.JWTInvalid.code,
]);

function isTokensFault(error: unknown): boolean {
  return error instanceof errors.JOSEError && TOKENS_FAULT.has(error.code);
}

/** RFC 6750, 2.1. */
function parseBearer(header: string | undefined): string | undefined {
  return /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(header ?? '')?.[1];
}

function refuse(reply: FastifyReply, challenge: string, message: string): HttpError {
  reply.header('www-authenticate', challenge);
  return new HttpError(401, message);
}

function toList(value: string | readonly string[]): string[] {
  return typeof value === 'string' ? [value] : [...value];
}

/** The length of the hash in bytes. */
const SYMMETRIC: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };
const ASYMMETRIC: ReadonlySet<string> = new Set<AsymmetricAlgorithm>([
  'EdDSA',
  'ES256',
  'ES384',
  'ES512',
  'Ed25519',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
]);

function checkJwtOptions(options: JwtOptions): void {
  const problems: string[] = [];
  const { jwksUrl, publicKey, secret, algorithms } = options;
  const given = [jwksUrl, publicKey, secret].filter((key) => key !== undefined);
  if (given.length !== 1) problems.push('give exactly one of jwksUrl, publicKey and secret');
  if (jwksUrl !== undefined && !isHttpUrl(jwksUrl)) problems.push('jwksUrl must be an http(s) URL');
  if (publicKey !== undefined && !isPublicKey(publicKey)) {
    problems.push('publicKey must be a public key as PEM');
  }
  for (const name of ['issuer', 'audience'] as const) {
    const values = toList(options[name]);
    if (values.length === 0 || values.includes('')) problems.push(`${name} must not be empty`);
  }
  if (algorithms.length === 0) problems.push('algorithms must name at least one');
  const { rememberedTokens = 0 } = options;
  if (!Number.isSafeInteger(rememberedTokens) || rememberedTokens < 0) {
    problems.push('rememberedTokens must be a whole number, 0 or more');
  }
  for (const algorithm of algorithms) {
    const bytes = SYMMETRIC[algorithm];
    if (bytes === undefined && !ASYMMETRIC.has(algorithm)) {
      problems.push(`algorithm "${algorithm}" is not accepted`);
    } else if ((bytes !== undefined) !== (secret !== undefined)) {
      // If a public key were used as a shared secret, anyone could sign tokens.
      problems.push(`${algorithm} needs ${bytes === undefined ? 'a public key' : 'a secret'}`);
    } else if (bytes !== undefined && Buffer.byteLength(secret ?? '') < bytes) {
      problems.push(`the secret must have ${bytes} bytes or more for ${algorithm}`);
    }
  }
  if (problems.length > 0) throw new TypeError(`jwt: ${problems.join('; ')}`);
}

function isHttpUrl(url: string): boolean {
  return URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol);
}

function isPublicKey(pem: string): boolean {
  try {
    // A private key would work too, because its public half can be derived. But it does not belong here.
    return !pem.includes('PRIVATE KEY') && createPublicKey(pem).type === 'public';
  } catch {
    return false;
  }
}
