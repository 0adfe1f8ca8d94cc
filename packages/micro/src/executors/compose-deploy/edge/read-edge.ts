import { type EdgeState, edgeContainers } from '../../../deployment/edge-plan';
import type { Container } from '../../../deployment/container';
import { docker } from '../../../docker/command';
import { readFileArguments } from '../../../docker/container';
import { onlyFileOf } from '../../../docker/tar';
import type { EngineAddress } from '../../../docker/command';
import type { Runner } from '../../../effects/process';
import { readSecret, readWorkspaceFile } from '../../../effects/secrets';
import { CONFIG_FOLDER } from '../../../edge/caddy-config';
import { FINGERPRINT_FILE } from '../../../edge/edge-content';
import { type KeyPair, keyPairProblems } from '../../../edge/key-pair';
import type { Environment } from '../../../platform/environment';
import type { SecretSource } from '../../../platform/secret';
import { UserError } from '../../../platform/user-error';

/** What runs of the edge, and what it was last given. */
export async function readEdge(
  { runner, address }: { runner: Runner; address: EngineAddress },
  containers: readonly Container[],
): Promise<EdgeState> {
  const state = edgeContainers(containers);
  if (!state.container) return state;
  const fingerprint = await readFingerprint({ runner, address }, state.container.id);
  return { ...state, ...(fingerprint === undefined ? {} : { fingerprint }) };
}

/** What a container of the edge was last given; `undefined` if that was nothing. */
export async function readFingerprint(
  { runner, address }: { runner: Runner; address: EngineAddress },
  id: string,
): Promise<string | undefined> {
  const file = `${CONFIG_FOLDER}/${FINGERPRINT_FILE}`;
  const { stdout } = await runner.run(docker(readFileArguments(id, file), address));
  return onlyFileOf(stdout);
}

/** What the edge needs of files and variables that no workspace holds. */
export interface EdgeFiles {
  keyPairs: ReadonlyMap<string, KeyPair>;
  acmeRoot?: string;
}

/** @throws {UserError} with every certificate that cannot be used, and why. */
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
  const problems: string[] = [];
  const keyPairs = new Map<string, KeyPair>();
  const attempt = async (where: string, work: () => string | Promise<string>) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(`${environment.file}: ${where}: ${error.message}`);
      return undefined;
    }
  };
  const reveal = async (source: SecretSource) =>
    (await readSecret(source, { workspaceRoot, runner })).reveal().toString();
  if (environment.edge === false) return { keyPairs };
  for (const [service, { publish }] of Object.entries(environment.services)) {
    if (publish?.kind !== 'host' || publish.tls.kind !== 'own') continue;
    const { certificate: source, key: keySource } = publish.tls;
    const where = `services.${service}.publish.tls`;
    const certificate = await attempt(`${where}.certificate`, () =>
      'file' in source ? readWorkspaceFile(workspaceRoot, source.file).toString() : reveal(source),
    );
    const key = await attempt(`${where}.key`, () => reveal(keySource));
    if (certificate === undefined || key === undefined) continue;
    for (const problem of keyPairProblems({ certificate, key }, publish.hosts, now)) {
      problems.push(`${environment.file}: ${where}: ${problem}`);
    }
    keyPairs.set(service, { certificate, key });
  }
  const root = environment.edge?.acme?.root;
  const acmeRoot =
    root === undefined
      ? undefined
      : await attempt('edge.acme.root', () => readWorkspaceFile(workspaceRoot, root).toString());
  if (problems.length > 0) throw new UserError(problems.join('\n'));
  return { keyPairs, ...(acmeRoot === undefined ? {} : { acmeRoot }) };
}
