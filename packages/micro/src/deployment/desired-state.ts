import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { EngineAddress } from '../docker/command';
import { configArguments, servicesArguments, type ComposeProject } from '../docker/compose';
import { runDocker } from '../effects/engine';
import { writeWhole } from '../effects/files';
import { readReceipt } from '../effects/receipts';
import type { Runner } from '../effects/process';
import { pushReceiptSchema, receiptFile, type PushReceipt } from '../image/receipt';
import { elsewhere, imageSource, type Environment } from '../platform/environment';
import { serviceRepository } from '../platform/image-reference';
import { UserError } from '../platform/user-error';
import { ROOT_COMPOSE_FILE } from '../platform/workspace';
import type { ServiceTask } from '../executors/service-task';
import {
  asDeployed,
  DEPLOY_LABELS,
  entryLabel,
  jobSlice,
  jobsOf,
  overrideFile,
  pinnedImage,
  placesOf,
  sliceOf,
  whyExclusive,
  type ComposeConfig,
  type ComposeSlice,
} from './entry';
import type { Wanted } from './plan';
import { composeFiles } from './project';
import type { Release } from './release';
import { secretsLabel, withoutSecrets, withSecrets, type ServiceSecrets } from './secrets';
import { replicasOf } from '../executors/compose-deploy/wanted';

/** What a service shall be after a deploy, with all that is needed to make it so. */
export interface Target extends Omit<Wanted, 'exclusive' | 'networks'> {
  /** The pinned reference. */
  image: string;
  /** What two containers of it cannot have at once. */
  exclusive?: string;
  slice: ComposeSlice;
  /** What the entry says it depends on, and that runs all the time; with the image that its own entry names. */
  needs: ReadonlyMap<string, string | undefined>;
  /** What it waits for the end of. */
  jobs: readonly string[];
  /** How those of them are run that run its own image. */
  ownJobs: ReadonlyMap<string, ComposeSlice>;
  /** How the image comes to the engine. */
  source: 'registry' | 'engine';
  /** Where the engine remembers it: a rollback. */
  release?: Release;
}

/** What the plan compares containers with. */
export function wantedOf(target: Target, service: string): Wanted {
  const { key, replicas, exclusive } = target;
  return {
    key,
    entryLabel: target.entryLabel,
    replicas,
    exclusive: exclusive !== undefined,
    networks: Object.keys(placesOf(target.slice, service, '')),
  };
}

/**
 * What was last pushed of a service for an environment.
 * @throws {UserError} where nothing was, or from elsewhere than the environment says by now.
 */
export async function readPush(
  { workspaceRoot, platformName, service }: ServiceTask,
  environment: Environment,
): Promise<PushReceipt> {
  const source = imageSource(environment);
  const file = receiptFile(service.root, 'docker-push', environment.name);
  const receipt = await readReceipt(workspaceRoot, file, pushReceiptSchema);
  const push = `run nx docker-push ${service.name} -c ${environment.name}`;
  if (!receipt) {
    throw new UserError(
      `nothing of "${service.name}" was pushed for ${environment.name} yet: ${push}`,
    );
  }
  if (receipt.kind !== source.kind) {
    throw new UserError(
      `${environment.file} says that ${source.kind} images run there, and the last one of "${service.name}" is ${receipt.kind}: ${push}`,
    );
  }
  const repository =
    source.kind === 'pushed' && serviceRepository(platformName, service.name, source.registry);
  if (repository && !receipt.image.startsWith(`${repository}:`)) {
    throw new UserError(
      `${environment.file} names the registry ${environment.registry}, and ${receipt.image} is not there: ${push}`,
    );
  }
  return receipt;
}

export interface Rendered {
  /** The workspace's project with what was pushed, for jobs and datastores. */
  project: ComposeProject;
  /** Every service of the compose files. */
  names: readonly string[];
  /** By service, or why there is none. */
  targets: ReadonlyMap<string, Target | UserError>;
}

export interface Rendering {
  runner: Runner;
  address: EngineAddress;
  workspaceRoot: string;
  environment: Environment;
  /** The Compose project's name. */
  name: string;
  secrets: ReadonlyMap<string, ServiceSecrets>;
  /** Gets the overrides, which last as long as it does. */
  folder: string;
}

/** Renders the project once, with the pushed images of all services of the run. */
export async function renderTargets(
  { runner, address, workspaceRoot, environment, name, secrets, folder }: Rendering,
  pushes: ReadonlyMap<ServiceTask, PushReceipt>,
): Promise<Rendered> {
  const own = { name, files: composeFiles(workspaceRoot, environment) };
  const overrides = new Map(
    [...pushes.keys()].map((task) => [task, join(folder, `${task.service.name}.yaml`)]),
  );
  for (const [{ service }, receipt] of pushes) {
    const file = join(folder, `${service.name}.yaml`);
    await writeWhole(file, overrideFile(service, environment, receipt, undefined), 0o600);
  }
  const unreadable = `${ROOT_COMPOSE_FILE} could not be read`;
  const { stdout } = await runDocker(runner, servicesArguments(own), address, unreadable);
  const names = stdout.split('\n').filter(Boolean);
  const targets = new Map<string, Target | UserError>();
  const known = new Map([...pushes].filter(([{ service }]) => names.includes(service.name)));
  for (const { service } of pushes.keys()) {
    if (names.includes(service.name)) continue;
    const message = `${ROOT_COMPOSE_FILE} has no service "${service.name}": run "nx sync" so that it includes ${service.root}/compose.yaml`;
    targets.set(service.name, new UserError(message));
  }
  const files = [...own.files, ...[...known.keys()].map((task) => overrides.get(task)!)];
  if (known.size === 0) return { project: own, names, targets };
  const answer = await runDocker(runner, configArguments({ name, files }), address, unreadable);
  const config = parseConfig(answer.stdout, environment);
  for (const [task, receipt] of known) {
    const target = targetOf(config, task, environment, receipt, secrets);
    targets.set(task.service.name, target);
    const override = overrideFile(task.service, environment, receipt, target.entryLabel);
    await writeWhole(overrides.get(task)!, override, 0o600);
  }
  return { project: { name, files }, names, targets };
}

function parseConfig(json: string, environment: Environment): ComposeConfig {
  const config = JSON.parse(json) as ComposeConfig;
  const entries = Object.entries(config.services);
  return {
    ...config,
    services: Object.fromEntries(
      entries.map(([name, it]) => [name, asDeployed(it, name, environment)]),
    ),
  };
}

function targetOf(
  config: ComposeConfig,
  { service }: ServiceTask,
  environment: Environment,
  receipt: PushReceipt,
  secrets: ReadonlyMap<string, ServiceSecrets>,
): Target {
  const entry = config.services[service.name]!;
  const own = secrets.get(service.name);
  const label = withSecrets(entryLabel(entry), own ? secretsLabel(own) : '');
  const image = pinnedImage(receipt);
  const jobs = jobsOf(entry);
  const ofThisImage = (job: string) =>
    entry['build'] !== undefined &&
    isDeepStrictEqual(config.services[job]?.['build'], entry['build']);
  return {
    image,
    key: receipt.key,
    entryLabel: label,
    ...replicasOf(service, environment, entry),
    slice: sliceOf(config, service.name, {
      image,
      labels: {
        [DEPLOY_LABELS.environment]: environment.name,
        [DEPLOY_LABELS.key]: receipt.key,
        [DEPLOY_LABELS.entry]: label,
      },
    }),
    needs: new Map(
      Object.keys((entry['depends_on'] as object | undefined) ?? {})
        .filter((name) => !jobs.includes(name) && elsewhere(environment, name) === undefined)
        .map((name) => [name, config.services[name]?.['image'] as string | undefined]),
    ),
    jobs,
    ownJobs: new Map(
      jobs
        .filter(ofThisImage)
        .map((job) => [job, jobSlice(config, job, { service, environment, image })]),
    ),
    source: receipt.kind === 'pushed' ? 'registry' : 'engine',
  };
}

/**
 * A release that the engine remembers, as a target.
 *
 * @param secrets the part of the label of what its containers are given; no release remembers values.
 */
export function recordedTarget(release: Release, slice: ComposeSlice, secrets: string): Target {
  const { service, image, key, replicas } = release;
  const entry = slice.services[service] ?? {};
  const label = withSecrets(withoutSecrets(release.entryLabel), secrets);
  const labels = { ...(entry['labels'] as object | undefined), [DEPLOY_LABELS.entry]: label };
  return {
    image,
    key,
    entryLabel: label,
    replicas,
    exclusive: whyExclusive(entry, replicas),
    slice: { ...slice, services: { ...slice.services, [service]: { ...entry, labels } } },
    needs: new Map(),
    jobs: [],
    ownJobs: new Map(),
    source: image.includes('@') ? 'registry' : 'engine',
    release,
  };
}
