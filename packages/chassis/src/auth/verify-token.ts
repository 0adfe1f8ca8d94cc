import { KeyObject, verify } from 'node:crypto';
import {
  errors,
  jwtVerify,
  UnsecuredJWT,
  type CryptoKey,
  type JWTHeaderParameters,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
} from 'jose';

/** The hash of each algorithm whose signatures are verified here. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['RS256', 'SHA-256'],
  ['RS384', 'SHA-384'],
  ['RS512', 'SHA-512'],
]);
/** RFC 7518, 3.3. */
const LEAST_BITS = 2048;
/** Without padding; whatever else a token is made of is judged by jose. */
const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;
const NO_SIGNATURE = Buffer.from('{"alg":"none"}').toString('base64url');

/**
 * The claims of a valid token. jose decides what that is. It verifies signatures with Web Crypto, which hands each one to
 * another thread; for RSA, by far the most common, that costs more than to verify it. So signatures of RSA are verified
 * here, and jose judges the claims.
 *
 * @throws {errors.JOSEError} if the token is not valid.
 */
export async function verifyToken(
  token: string,
  keyOf: JWTVerifyGetKey,
  rules: JWTVerifyOptions,
): Promise<JWTPayload> {
  const signed = parseRsaToken(token, rules);
  if (!signed) return (await jwtVerify(token, keyOf, rules)).payload;
  const { header, hash, protectedHeader, payload, signature } = signed;
  const key = await keyOf(header, { protected: protectedHeader, payload, signature });
  const publicKey = rsaKeyOf(key, hash);
  if (!publicKey) return (await jwtVerify(token, () => key, rules)).payload;
  const content = Buffer.from(`${protectedHeader}.${payload}`);
  if (!verify(hash, content, publicKey, Buffer.from(signature, 'base64url'))) {
    throw new errors.JWSSignatureVerificationFailed();
  }
  return UnsecuredJWT.decode(`${NO_SIGNATURE}.${payload}.`, rules).payload;
}

interface RsaToken {
  header: JWTHeaderParameters;
  hash: string;
  protectedHeader: string;
  payload: string;
  signature: string;
}

/** `undefined` if it is another kind of token, or has anything that asks for more than a look at its signature. */
function parseRsaToken(token: string, { algorithms }: JWTVerifyOptions): RsaToken | undefined {
  const [, protectedHeader, payload, signature] = COMPACT.exec(token) ?? [];
  if (!protectedHeader || !payload || !signature) return undefined;
  const header = parseHeader(protectedHeader);
  const hash = header && HASHES.get(header.alg);
  if (!header || !hash || !algorithms?.includes(header.alg)) return undefined;
  if ('crit' in header || 'b64' in header) return undefined;
  return { header, hash, protectedHeader, payload, signature };
}

function parseHeader(text: string): JWTHeaderParameters | undefined {
  try {
    const header: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    const isObject = typeof header === 'object' && header !== null && !Array.isArray(header);
    return isObject ? (header as JWTHeaderParameters) : undefined;
  } catch {
    return undefined;
  }
}

/** Of keys that Web Crypto made. */
const converted = new WeakMap<CryptoKey, KeyObject>();

/** A public key that is fit for RSA with this hash; `undefined` if jose is to say what is wrong with it. */
function rsaKeyOf(key: Awaited<ReturnType<JWTVerifyGetKey>>, hash: string): KeyObject | undefined {
  const object = key instanceof KeyObject ? key : convert(key, hash);
  const isFit =
    object?.type === 'public' &&
    object.asymmetricKeyType === 'rsa' &&
    (object.asymmetricKeyDetails?.modulusLength ?? 0) >= LEAST_BITS;
  return isFit ? object : undefined;
}

function convert(key: unknown, hash: string): KeyObject | undefined {
  if (!(key instanceof globalThis.CryptoKey)) return undefined;
  const { name, hash: own } = key.algorithm as RsaHashedKeyAlgorithm;
  if (name !== 'RSASSA-PKCS1-v1_5' || own.name !== hash || !key.usages.includes('verify')) {
    return undefined;
  }
  const object = converted.get(key) ?? KeyObject.from(key);
  converted.set(key, object);
  return object;
}

interface RsaHashedKeyAlgorithm {
  name: string;
  hash: { name: string };
}
