import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineAddress } from '../docker/command';
import {
  configArguments,
  servicesArguments,
  writtenConfigArguments,
  type ComposeProject,
} from '../docker/compose';
import type { ComposeConfig } from '../deployment/entry';
import { asDeployed, isBeyondOverride, overrideFile } from '../deployment/override';
import { EngineError } from '../docker/engine-error';
import { behindEdge, publicationsOf, type Publication } from '../edge/publication';
import { overlayFile } from '../deployment/project';
import { sliceOf, type ComposeSlice } from '../deployment/slice';
import type { DeployedImage } from '../image/receipt';
import type { Environment } from '../platform/environment';
import type { Service } from '../platform/platform';
import { UserError } from '../platform/user-error';
import { ROOT_COMPOSE_FILE } from '../platform/workspace';
import { runDocker } from './engine';
import { writeWhole } from './files';
import type { Runner } from './process';

export interface Rendering {
  runner: Runner;
  address: EngineAddress;
  workspaceRoot: string;
  environment: Environment;
  /** The Compose project's name. */
  name: string;
  /** A folder for the overrides. It must exist as long as they are used. */
  folder: string;
}

/** A service to be rendered, with its pushed image. */
export interface RenderedService {
  service: Service;
  push: DeployedImage | undefined;
}

/** The rendered project of an environment. */
export interface RenderedProject {
  /** The files of the workspace with the environment's overrides. */
  project: ComposeProject;
  /** Every service of the compose files, rendered or not. */
  names: readonly string[];
  /** Every entry as it is deployed; no entry if none of the services is in the compose files. */
  config: ComposeConfig;
  /** The same with variables not filled in; only if asked for. */
  written?: ComposeConfig;
  /** What the edge publishes; no value if nothing was rendered. */
  publications?: readonly Publication[];
}

/**
 * Renders the project of an environment once, with an override for each of these services that the compose files have.
 *
 * @param all every service of the platform, rendered or not: the edge publishes for all of them.
 * @throws {EngineError} if Compose cannot read the files.
 */
export async function renderProject(
  rendering: Rendering,
  services: readonly RenderedService[],
  all: readonly Service[] = services.map(({ service }) => service),
  { asWritten = false } = {},
): Promise<RenderedProject> {
  const { runner, address, workspaceRoot, environment, name } = rendering;
  const own = { name, files: composeFiles(workspaceRoot, environment) };
  const unreadable = `${ROOT_COMPOSE_FILE} could not be read`;
  const renderAll = async (some: readonly RenderedService[]) => {
    for (const one of some) await writeOverride(rendering, one, undefined);
    const overrides = some.map(({ service }) => overrideOf(rendering, service));
    const project = { name, files: [...own.files, ...overrides] };
    const [config, written] = await Promise.all([
      settled(runDocker(runner, configArguments(project), address, unreadable)),
      settled(asWritten ? readWritten(rendering, project) : Promise.resolve(undefined)),
    ]);
    const parsed = JSON.parse(config().stdout) as Partial<ComposeConfig>;
    const read = readConfig(parsed, environment, all);
    return { asPrinted: parsed.services ?? {}, answer: { project, written: written(), ...read } };
  };
  const ofAll = await settled(renderAll(services));
  const told = namesWithin(ofAll, services);
  if (told) return { names: told, ...ofAll().answer };
  const { stdout } = await runDocker(runner, servicesArguments(own), address, unreadable);
  const names = stdout.split('\n').filter(Boolean);
  const included = services.filter(({ service }) => names.includes(service.name));
  if (included.length === 0) {
    return { project: own, names, config: NOTHING, written: NOTHING };
  }
  // An override for a service that is not in the files would create it.
  const { answer } = included.length === services.length ? ofAll() : await renderAll(included);
  return { names, ...answer };
}

/** Every service of the compose files, if each that was rendered is surely in them; else Compose has to be asked. */
function namesWithin(
  rendered: () => { asPrinted: ComposeConfig['services'] },
  services: readonly RenderedService[],
): string[] | undefined {
  try {
    const entries = rendered().asPrinted;
    const areThere = services.every(({ service }) => isBeyondOverride(entries[service.name] ?? {}));
    return areThere ? Object.keys(entries) : undefined;
  } catch (error) {
    // Perhaps only the override of a service that is not in the files.
    if (error instanceof EngineError && error.kind !== 'no-engine') return undefined;
    throw error;
  }
}

const NOTHING: ComposeConfig = { services: {} };

/** The project as its files are written, with variables not filled in. */
async function readWritten(
  { runner, address }: Pick<Rendering, 'runner' | 'address'>,
  project: ComposeProject,
): Promise<ComposeConfig> {
  const what = `${ROOT_COMPOSE_FILE} could not be read`;
  const { stdout } = await runDocker(runner, writtenConfigArguments(project), address, what);
  const config = JSON.parse(stdout || '{}') as Partial<ComposeConfig>;
  return { ...config, services: config.services ?? {} };
}

/**
 * The workspace's files with those of an environment, once with variables filled in and once without. Needs no engine.
 *
 * @param profiles whose services are read, too.
 * @throws {EngineError} if Compose cannot read the files, or a variable that they need is not set.
 */
export async function readComposeFiles(
  runner: Runner,
  workspaceRoot: string,
  environment: Pick<Environment, 'name' | 'file'>,
  profiles: readonly string[] = [],
): Promise<{ written: ComposeConfig; filled: () => Promise<ComposeConfig> }> {
  const address = { context: undefined, host: undefined };
  const files = composeFiles(workspaceRoot, environment);
  const project = { name: environment.name, files, profiles };
  const what = `${ROOT_COMPOSE_FILE} could not be read`;
  return {
    written: await readWritten({ runner, address }, project),
    filled: async () => {
      const { stdout } = await runDocker(runner, configArguments(project), address, what);
      return JSON.parse(stdout) as ComposeConfig;
    },
  };
}

/** Delays an error until the result is used, so that no parallel work keeps running unwatched. */
async function settled<T>(work: Promise<T>): Promise<() => T> {
  try {
    const result = await work;
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/**
 * Fills the current values into the recorded configuration of a service.
 *
 * @throws {EngineError} that names a variable or a file that does not exist any more.
 */
export async function fillIn(
  { runner, address, workspaceRoot, name, folder }: Omit<Rendering, 'environment'>,
  noted: ComposeSlice,
  service: string,
): Promise<ComposeSlice> {
  const file = join(folder, `${service}.noted.json`);
  await writeWhole(file, JSON.stringify(noted), 0o600);
  const project = { name, files: [file], directory: workspaceRoot };
  const what = `Could not fill in the values of a release of ${service}`;
  const { stdout } = await runDocker(runner, configArguments(project), address, what);
  const config = JSON.parse(stdout) as ComposeConfig;
  const image = config.services[service]?.['image'] as string;
  return sliceOf(config, service, { image, labels: {} });
}

/** Writes the environment's changes to the entry of a service as a file for Compose. */
export async function writeOverride(
  rendering: Pick<Rendering, 'environment' | 'folder'>,
  { service, push }: RenderedService,
  entryLabel: string | undefined,
): Promise<void> {
  const text = overrideFile(service, rendering.environment, push, entryLabel);
  await writeWhole(overrideOf(rendering, service), text, 0o600);
}

function overrideOf({ folder }: Pick<Rendering, 'folder'>, { name }: Service): string {
  return join(folder, `${name}.yaml`);
}

/** The workspace's own files, then the one that a person keeps for this environment. */
export function composeFiles(
  workspaceRoot: string,
  environment: Pick<Environment, 'file'>,
): string[] {
  if (!existsSync(join(workspaceRoot, ROOT_COMPOSE_FILE))) {
    throw new UserError(`${ROOT_COMPOSE_FILE} is not there: run "nx g @org/micro:init"`);
  }
  const own = overlayFile(environment);
  return [ROOT_COMPOSE_FILE, ...(existsSync(join(workspaceRoot, own)) ? [own] : [])];
}

function readConfig(
  parsed: Partial<ComposeConfig>,
  environment: Environment,
  all: readonly Service[],
): Required<Pick<RenderedProject, 'config' | 'publications'>> {
  const rendered = parsed.services ?? {};
  const publications = all.flatMap((service) =>
    publicationsOf(service, environment, rendered[service.name]),
  );
  const services = Object.entries(rendered).map(([name, entry]) => {
    const published = publications.find(({ service }) => service === name);
    const deployed = asDeployed(entry, name, environment);
    return [name, published ? behindEdge(deployed, published, environment) : deployed];
  });
  const entries = Object.fromEntries(services) as ComposeConfig['services'];
  return { config: { ...parsed, services: entries }, publications };
}
