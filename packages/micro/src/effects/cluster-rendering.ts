import { datastoresOf, ENGINE_PORTS, platformBroker } from '../compose/datastore';
import { ROOT_COMPOSE_FILE, serviceComposeFile } from '../compose/paths';
import type { ComposeConfig } from '../deployment/entry';
import { usesBroker } from '../kubernetes/broker-entry';
import { missingAddresses } from '../kubernetes/outside';
import {
  renderPlatform,
  type RenderedEntry,
  type RenderedImage,
  type RenderedPlatform,
} from '../kubernetes/render';
import { unsupportedSettings } from '../kubernetes/unsupported';
import { BROKER_NAME } from '../platform/datastore';
import { unknownEngine } from '../platform/environment';
import type { KubernetesEnvironment } from '../platform/kubernetes-environment';
import { OBSERVABILITY_COMPOSE_FILE, OBSERVABILITY_PROFILE } from '../platform/observability';
import { serviceNamed, type Platform, type Service } from '../platform/platform';
import { PlatformError } from '../platform/problem';
import { UserError } from '../platform/user-error';
import { parseYaml } from '../platform/yaml-source';
import { lineInEnvironment, readAnyEnvironment } from './environments';
import { fileReader } from './files';
import { readObservability } from './observability-folder';
import type { Runner } from './process';
import { readComposeFiles } from './rendered-project';

/** The objects of a platform, with a way to the values that its Secrets have to hold. */
export interface ClusterRendering extends RenderedPlatform {
  /** The compose files with every variable filled in. */
  filled: () => Promise<ComposeConfig>;
}

/**
 * The objects of every service that has an image.
 * @throws {UserError} naming each address that is missing, and each setting that would be lost.
 */
export async function renderForCluster(
  { workspaceRoot, runner }: { workspaceRoot: string; runner: Runner },
  platform: Platform,
  environment: KubernetesEnvironment,
  images: ReadonlyMap<string, RenderedImage>,
): Promise<ClusterRendering> {
  requireAddresses(workspaceRoot, platform, environment);
  const isObserved = environment.observability === 'in-cluster';
  const profiles = isObserved ? [OBSERVABILITY_PROFILE] : [];
  const read = await readComposeFiles(runner, workspaceRoot, environment, profiles);
  const { written, filled } = read;
  const observability = await readObservability(workspaceRoot, environment, written);
  requireBroker(platform, environment, written);
  const ports = portsOf(platform);
  const rendered = renderPlatform({
    ...{ platform, environment, written, images, ports },
    ...(observability ? { observability } : {}),
  });
  requireSupported(workspaceRoot, platform, rendered, written);
  return { ...rendered, filled };
}

/** @throws {UserError} if it is for another engine; `what` it says of one for Compose. */
export function readKubernetesEnvironment(
  workspaceRoot: string,
  name: string,
  what: (environment: { name: string; file: string }) => string,
): KubernetesEnvironment {
  const environment = readAnyEnvironment(workspaceRoot, name);
  if (environment.engine === 'kubernetes') return environment;
  if (environment.engine === 'ecs') throw unknownEngine(environment);
  throw new UserError(what(environment));
}

function requireAddresses(
  workspaceRoot: string,
  platform: Platform,
  environment: KubernetesEnvironment,
): void {
  const at = (...path: string[]) =>
    `${environment.file}:${lineInEnvironment(workspaceRoot, environment, path)}`;
  if (environment.broker === 'in-cluster' && platform.services.some(isOnSqs)) {
    throw new UserError(
      `${at('broker')}: broker: the platform's broker is SQS, which AWS runs: write "broker: external"`,
    );
  }
  const missing = missingAddresses(platform, environment).map(
    ({ service, variable, why, or }) =>
      `${at('services', service)}: services.${service} has no ${variable}: ${why}. Add it under "secrets"${or === undefined ? '' : `; ${or}`}`,
  );
  if (missing.length > 0) throw new UserError(missing.join('\n'));
}

function isOnSqs({ broker }: Service): boolean {
  return broker === 'sqs';
}

/** @throws {UserError} if the broker is to run in the cluster, and the compose files have none. */
function requireBroker(
  { services }: Platform,
  environment: KubernetesEnvironment,
  written: ComposeConfig,
): void {
  const user = services.find((service) => usesBroker(environment, service));
  if (!user || written.services[BROKER_NAME]) return;
  throw new UserError(
    `${ROOT_COMPOSE_FILE} has no service "${BROKER_NAME}", which ${user.name} uses: run "nx sync"`,
  );
}

/** @throws {PlatformError} naming each setting that would be lost. */
function requireSupported(
  workspaceRoot: string,
  platform: Platform,
  { entries }: RenderedPlatform,
  written: ComposeConfig,
): void {
  const read = fileReader(workspaceRoot);
  const isPart = ({ kind }: RenderedEntry) => kind === 'observability';
  const parts = new Set(entries.filter(isPart).map(({ name }) => name));
  const problems = unsupportedSettings(entries, written).map(({ service, entry, key }) => {
    const isBroker = entry === BROKER_NAME;
    const isPart = parts.has(entry);
    const own = () => serviceComposeFile(serviceNamed(platform, service));
    const file = isBroker ? ROOT_COMPOSE_FILE : isPart ? OBSERVABILITY_COMPOSE_FILE : own();
    const line = parseYaml(file, read(file) ?? '').source?.lineOf(['services', entry, key]);
    const instead = isPart
      ? 'write "observability: none" into the environment'
      : isBroker
        ? 'run it elsewhere: "broker: external"'
        : `keep ${service} on an environment with "engine: compose" and name its address under "links"`;
    const message = `"${key}" of ${entry} is not rendered for a cluster: remove it, or ${instead}`;
    return { file, ...(line === undefined ? {} : { line }), message };
  });
  if (problems.length > 0) throw new PlatformError(problems);
}

function portsOf(platform: Platform): Map<string, number> {
  const broker = platformBroker(platform);
  const all = [...platform.services.flatMap(datastoresOf), ...(broker ? [broker] : [])];
  return new Map(all.map(({ name, engine }) => [name, ENGINE_PORTS[engine]]));
}
