import { readNxJson, type Tree } from '@nx/devkit';
import { posix } from 'node:path';
import type {
  PipelineChoices,
  PipelineEnvironment,
  PipelineFacts,
} from '../pipeline/pipeline-facts';
import {
  type AnyEnvironment,
  type DeployedEnvironment,
  type Environment,
  parseAnyEnvironment,
} from '../platform/environment';
import { usesPlugAndPlay } from './plug-and-play';
import { readPackageManager, readTreeEnvironments } from './workspace-tree';

/** Files that say which Node a workspace is for. */
const NODE_FILES = ['.nvmrc', '.node-version'];

/** What the pipeline of a workspace is derived from. */
export function readPipelineFacts(
  tree: Tree,
  environments: readonly AnyEnvironment[],
  choices: PipelineChoices,
): PipelineFacts {
  const file = NODE_FILES.find((name) => tree.exists(name));
  return {
    mainBranch: readNxJson(tree)?.defaultBase?.replace(/^origin\//, '') ?? 'main',
    node:
      file === undefined ? { version: '24' } : { version: tree.read(file, 'utf8')!.trim(), file },
    packageManager: readPackageManager(tree),
    nx: usesPlugAndPlay(tree) ? 'yarn nx' : 'node_modules/.bin/nx',
    choices,
    environments: environments.map(pipelineEnvironment),
  };
}

/** Every environment of the workspace, by name. */
export function readEnvironments(tree: Tree): Map<string, AnyEnvironment> {
  return new Map(
    Object.entries(readTreeEnvironments(tree)).map(([file, text]) => {
      const name = posix.basename(file, '.yml');
      return [name, parseAnyEnvironment(name, text)];
    }),
  );
}

function pipelineEnvironment(environment: AnyEnvironment): PipelineEnvironment {
  const { name, engine, registry, verify } = environment;
  const host = engine === 'compose' ? environment.host : undefined;
  const url = publicUrlsOf(environment).find((one) => one !== undefined);
  return {
    name,
    engine,
    ...(registry === undefined ? {} : { registry }),
    ...(engine === 'ecs' ? { region: environment.region } : {}),
    ...(engine === 'ecs' && environment.architecture === 'ARM64' ? { isArm: true } : {}),
    ...(host === undefined ? {} : { host }),
    ...(url === undefined ? {} : { url }),
    ...(verify ? { verifies: true } : {}),
    ...(verify && 'identity' in verify ? { issuer: verify.issuer } : {}),
    variables: variablesOf(environment),
  };
}

/** On ECS, a secret is a place of AWS, which no pipeline reads. */
function variablesOf(environment: AnyEnvironment): string[] {
  if (environment.engine === 'ecs') return [];
  type Overrides = DeployedEnvironment['services'][string];
  const variables = Object.values<Overrides>(environment.services).flatMap(({ secrets }) =>
    Object.values(secrets).flatMap((source) =>
      'environment' in source ? [source.environment] : [],
    ),
  );
  return [...new Set(variables)].sort();
}

/**
 * Where people reach each service, as far as the environment tells. It tells neither at which address a port is
 * published, nor whether a Gateway or an Ingress without a `tlsSecret` has a certificate.
 */
function publicUrlsOf(environment: AnyEnvironment): (string | undefined)[] {
  if (environment.engine === 'ecs')
    return Object.values(environment.services).map(({ url }) => url);
  if (environment.engine === 'compose') return Object.values(environment.services).map(publicUrlOf);
  return Object.values(environment.services).map(({ url, host, tlsSecret }) => {
    const name = tlsSecret === undefined ? undefined : firstName(host ?? []);
    return url ?? (name === undefined ? undefined : `https://${name}`);
  });
}

function publicUrlOf({ url, publish }: Environment['services'][string]): string | undefined {
  if (url !== undefined) return url;
  if (publish?.kind !== 'host') return undefined;
  const { hosts, https, http } = publish;
  const name = firstName(hosts);
  if (name === undefined) return undefined;
  const [scheme, port, usual] = https === undefined ? ['http', http, 80] : ['https', https, 443];
  return `${scheme}://${name}${port === undefined || port === usual ? '' : `:${port}`}`;
}

/** The first name that can be asked for as it is. */
function firstName(hosts: readonly string[]): string | undefined {
  return hosts.find((host) => !host.startsWith('*'));
}
