import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { EngineAddress } from '../../docker/command';
import { configArguments, servicesArguments, type ComposeProject } from '../../docker/compose';
import { runDocker } from '../../effects/engine';
import { writeWhole } from '../../effects/files';
import { readReceipt } from '../../effects/receipts';
import type { Runner } from '../../effects/process';
import { pushReceiptSchema, receiptFile, type PushReceipt } from '../../image/receipt';
import type { Environment } from '../../platform/environment';
import { UserError } from '../../platform/user-error';
import { ROOT_COMPOSE_FILE } from '../../platform/workspace';
import type { ServiceTask } from '../service-task';
import {
  DEPLOY_LABELS,
  entryLabel,
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
import { secretsLabel, withoutReplaced, withSecrets, type ServiceSecrets } from './secrets';
import { replicasOf } from './wanted';

/** What a service shall be after a deploy, with all that is needed to make it so. */
export interface Target extends Omit<Wanted, 'exclusive' | 'networks'> {
  /** The pinned reference. */
  image: string;
  /** What two containers of it cannot have at once. */
  exclusive?: string;
  slice: ComposeSlice;
  /** What the entry says it depends on, and that runs all the time. */
  needs: readonly string[];
  /** What it waits for the end of. */
  jobs: readonly string[];
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

/** @throws {UserError} where nothing of the service was pushed. */
export async function readPush(
  { workspaceRoot, service }: ServiceTask,
  environment: Environment,
): Promise<PushReceipt> {
  const file = receiptFile(service.root, 'docker-push', environment.name);
  const receipt = await readReceipt(workspaceRoot, file, pushReceiptSchema);
  if (receipt) return receipt;
  throw new UserError(
    `nothing of "${service.name}" was pushed for ${environment.name} yet: run nx docker-push ${service.name} -c ${environment.name}`,
  );
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
  const project = { name, files: [...own.files, ...overrides.values()] };
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
  const config = parseConfig(answer.stdout);
  for (const [task, receipt] of known) {
    const target = targetOf(config, task, environment, receipt, secrets);
    targets.set(task.service.name, target);
    const { build } = config.services[task.service.name]!;
    const ofThisImage = (job: string) =>
      build !== undefined && isDeepStrictEqual(config.services[job]?.['build'], build);
    const jobs = target.jobs.filter(ofThisImage);
    const override = overrideFile(task.service, environment, receipt, target.entryLabel, jobs);
    await writeWhole(overrides.get(task)!, override, 0o600);
  }
  return { project: { ...project, files }, names, targets };
}

function parseConfig(json: string): ComposeConfig {
  const config = JSON.parse(json) as ComposeConfig;
  const entries = Object.entries(config.services);
  return {
    ...config,
    services: Object.fromEntries(entries.map(([name, it]) => [name, withoutReplaced(it)])),
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
    needs: Object.keys((entry['depends_on'] as object | undefined) ?? {}).filter(
      (name) => !jobs.includes(name) && !Object.hasOwn(environment.links, name),
    ),
    jobs,
    source: receipt.kind === 'pushed' ? 'registry' : 'engine',
  };
}

/** A release that the engine remembers, as a target. */
export function recordedTarget(release: Release, slice: ComposeSlice): Target {
  const { service, image, key, replicas } = release;
  return {
    image,
    key,
    entryLabel: release.entryLabel,
    replicas,
    exclusive: whyExclusive(slice.services[service] ?? {}, replicas),
    slice,
    needs: [],
    jobs: [],
    source: image.includes('@') ? 'registry' : 'engine',
    release,
  };
}
