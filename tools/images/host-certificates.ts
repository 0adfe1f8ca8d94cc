import { existsSync, readFileSync } from 'node:fs';

export const SYSTEM_BUNDLE = '/etc/ssl/certs/ca-certificates.crt';

/**
 * All certificates (PEM) that this machine trusts, for images that use the same network; `undefined` if the machine
 * adds none, that is if NODE_EXTRA_CA_CERTS is not set.
 */
export function readHostCertificates(): string | undefined {
  const extra = process.env['NODE_EXTRA_CA_CERTS'];
  if (!extra) return undefined;
  const files = [...new Set([SYSTEM_BUNDLE, extra])].filter((file) => existsSync(file));
  return files.map((file) => readFileSync(file, 'utf8')).join('\n');
}
