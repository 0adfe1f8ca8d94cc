import { posix } from 'node:path';

/** Files that exist to hold secrets, by their names. */
const SECRET_NAMES =
  /^(?:\.env(?:\..+)?|.+\.env|\.netrc|_netrc|\.pgpass|\.my\.cnf|\.git-credentials|\.htpasswd|\.dockercfg|id_(?:rsa|dsa|ecdsa|ed25519)(?:_.+)?|.+\.(?:p12|pfx|jks|keystore|kdbx|ppk))$/i;

/** What is committed so that others know which variables there are. */
const EXAMPLES = /\.(?:example|sample|template|dist|defaults?|schema)(?:\.[a-z]+)?$/i;

/** Larger ones are no key files. */
const KEY_FILE_BYTES = 64 * 1024;

const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/;
const NPM_TOKEN = /^[^#;\n]*_(?:authToken|auth|password)\s*=\s*(?!["']?\$\{)\S/im;

/**
 * Why a file should not be in an image; `undefined` if nothing speaks against it. Certificates are
 * public: of a `.pem` only a private key counts.
 *
 * @param read gives the content; asked only if the name leaves it open.
 */
export function secretReason(path: string, read: () => string): string | undefined {
  const name = posix.basename(path);
  if (EXAMPLES.test(name)) return undefined;
  if (SECRET_NAMES.test(name)) return 'has a name of files for secrets';
  if (
    path.split('/').some((folder) => ['.git', '.ssh', '.aws', '.gnupg', '.kube'].includes(folder))
  ) {
    return 'is in a folder for credentials';
  }
  const mayHoldKey =
    /(?:\.(?:pem|key|crt|cer|json|ya?ml|txt|asc)|^[^.]+|^\.npmrc|^\.yarnrc\.yml)$/i;
  if (!mayHoldKey.test(name)) return undefined;
  const text = read();
  if (text.length > KEY_FILE_BYTES) return undefined;
  if (PRIVATE_KEY.test(text)) return 'holds a private key';
  return name === '.npmrc' && NPM_TOKEN.test(text) ? 'holds a token' : undefined;
}
