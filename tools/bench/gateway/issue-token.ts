import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';

/** Sent to all contenders, so that all pass on the same headers. */
export async function issueToken(): Promise<{
  publicKey: string;
  headers: Record<string, string>;
}> {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const token = await new SignJWT()
    .setProtectedHeader({ alg: 'RS256' })
    .setIssuer('bench')
    .setAudience('bench')
    .setExpirationTime('1h')
    .sign(keys.privateKey);
  return {
    publicKey: keys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    headers: { authorization: `Bearer ${token}` },
  };
}
