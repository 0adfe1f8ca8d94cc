import { X509Certificate } from 'node:crypto';
import { type KeyPair, keyPairProblems } from '../edge/key-pair';
import type { Environment } from '../platform/environment';
import { PlatformError, type Problem } from '../platform/problem';
import type { SecretSource } from '../platform/secret';
import { UserError } from '../platform/user-error';
import { lineInEnvironment } from './environments';
import type { Runner } from './process';
import { readSecret, readWorkspaceFile } from './read-secret';

/** Certificates and keys of the edge. They come from files and variables, which are not in git. */
export interface EdgeFiles {
  /** By the service that uses them. */
  keyPairs: ReadonlyMap<string, KeyPair>;
  /** The root certificate of a private ACME authority, PEM. */
  acmeRoot?: string;
}

/** @throws {PlatformError} with every certificate that cannot be used, and why. */
export async function readEdgeFiles({
  workspaceRoot,
  runner,
  environment,
  now,
}: {
  workspaceRoot: string;
  runner: Runner;
  environment: Environment;
  now: Date;
}): Promise<EdgeFiles> {
  const problems: Problem[] = [];
  const keyPairs = new Map<string, KeyPair>();
  const add = (path: readonly string[], message: string) =>
    problems.push({
      file: environment.file,
      line: lineInEnvironment(workspaceRoot, environment, path),
      message: `${path.join('.')}: ${message}`,
    });
  const attempt = async (path: readonly string[], work: () => string | Promise<string>) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      add(path, error.message);
      return undefined;
    }
  };
  const reveal = async (source: SecretSource) =>
    (await readSecret(source, { workspaceRoot, runner })).reveal().toString();
  if (environment.edge === false) return { keyPairs };
  for (const [service, { publish }] of Object.entries(environment.services)) {
    if (publish?.kind !== 'host' || publish.tls.kind !== 'own') continue;
    const { certificate: source, key: keySource } = publish.tls;
    const path = ['services', service, 'publish', 'tls'];
    const certificate = await attempt([...path, 'certificate'], () =>
      'file' in source ? readWorkspaceFile(workspaceRoot, source.file).toString() : reveal(source),
    );
    const key = await attempt([...path, 'key'], () => reveal(keySource));
    if (certificate === undefined || key === undefined) continue;
    for (const problem of keyPairProblems({ certificate, key }, publish.hosts, now)) {
      add(path, problem);
    }
    keyPairs.set(service, { certificate, key });
  }
  const acmeRoot = await readAcmeRoot();
  if (problems.length > 0) throw new PlatformError(problems);
  return { keyPairs, ...(acmeRoot === undefined ? {} : { acmeRoot }) };

  async function readAcmeRoot(): Promise<string | undefined> {
    const file = environment.edge ? environment.edge.acme?.root : undefined;
    if (file === undefined) return undefined;
    const path = ['edge', 'acme', 'root'];
    const text = await attempt(path, () => readWorkspaceFile(workspaceRoot, file).toString());
    if (text !== undefined && !isCertificate(text)) {
      add(path, `${file} is not a PEM file with a certificate`);
    }
    return text;
  }
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).subject !== undefined;
  } catch {
    return false;
  }
}
