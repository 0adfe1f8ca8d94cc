import { readNxJson, type Tree } from '@nx/devkit';
import { posix } from 'node:path';
import type { PipelineEnvironment, PipelineFacts } from '../pipeline/pipeline-facts';
import { type Environment, parseAnyEnvironment } from '../platform/environment';
import { readPackageManager, readTreeEnvironments } from './workspace-tree';

/** Files that say which Node a workspace is for. */
const NODE_FILES = ['.nvmrc', '.node-version'];

/** What the pipeline of a workspace is derived from. */
export function readPipelineFacts(
  tree: Tree,
  environments: readonly Environment[],
  scans: boolean,
): PipelineFacts {
  const file = NODE_FILES.find((name) => tree.exists(name));
  return {
    mainBranch: readNxJson(tree)?.defaultBase?.replace(/^origin\//, '') ?? 'main',
    node:
      file === undefined ? { version: '24' } : { version: tree.read(file, 'utf8')!.trim(), file },
    packageManager: readPackageManager(tree),
    scans,
    environments: environments.map(pipelineEnvironment),
  };
}

/** Every environment of the workspace that Compose runs, by name. */
export function readComposeEnvironments(tree: Tree): Map<string, Environment> {
  return new Map(
    Object.entries(readTreeEnvironments(tree)).flatMap(([file, text]) => {
      const name = posix.basename(file, '.yml');
      const environment = parseAnyEnvironment(name, text);
      return environment.engine === 'compose' ? [[name, environment] as const] : [];
    }),
  );
}

function pipelineEnvironment({ name, registry, host, services }: Environment): PipelineEnvironment {
  const all = Object.values(services);
  const url = all.map(publicUrlOf).find((one) => one !== undefined);
  const variables = all.flatMap(({ secrets }) =>
    Object.values(secrets).flatMap((source) =>
      'environment' in source ? [source.environment] : [],
    ),
  );
  return {
    name,
    ...(registry === undefined ? {} : { registry }),
    ...(host === undefined ? {} : { host }),
    ...(url === undefined ? {} : { url }),
    variables: [...new Set(variables)].sort(),
  };
}

/** Where people reach a service; a port is published on an address that a pipeline cannot know. */
function publicUrlOf({ url, publish }: Environment['services'][string]): string | undefined {
  if (url !== undefined) return url;
  if (publish?.kind !== 'host') return undefined;
  const { hosts, https, http } = publish;
  const name = hosts.find((host) => !host.startsWith('*'));
  if (name === undefined) return undefined;
  const [scheme, port, usual] = https === undefined ? ['http', http, 80] : ['https', https, 443];
  return `${scheme}://${name}${port === undefined || port === usual ? '' : `:${port}`}`;
}
