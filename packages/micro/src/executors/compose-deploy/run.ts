import { UserError } from '../../platform/user-error';
import type { EngineAddress } from '../../docker/command';
import type { Clock } from '../../effects/clock';
import { readProjectContainers } from '../../effects/containers';
import type { Runner } from '../../effects/process';
import type { Environment } from '../../platform/environment';
import type { ServiceTask } from '../service-task';
import type { Interruption } from '../../effects/interruption';
import type { ComposeDeployOptions, DeployMode } from './options';
import type { Release } from '../../deployment/release';
import { type ReleaseBook, readReleases } from '../../effects/release-book';
import type { EdgeState } from '../../deployment/edge-plan';
import { readEdge } from '../../effects/edge-state';
import type { ServiceSecrets } from '../../deployment/secrets';
import type { Container } from '../../deployment/container';
import type { Ancestry, Commit, Confirmed } from '../../deployment/commit';
import { readConfirmed } from '../../effects/confirmed-commits';

/** What one coordinated roll starts from. */
export interface DeployRequest {
  workspaceRoot: string;
  platformName: string;
  runner: Runner;
  clock: Clock;
  tasks: readonly ServiceTask[];
  options: ComposeDeployOptions;
  /** Prints what concerns all services. */
  tell: (line: string) => void;
  /** Services whose own tasks tell it, too: Nx may show nothing else. */
  repeat?: ReadonlySet<string>;
  interruption: Interruption;
}

/** Why services were not deployed, by their names. */
export type Failures = ReadonlyMap<string, Error>;

/** A run with everything that was read and decided for it. */
export interface Run extends DeployRequest {
  mode: DeployMode;
  environment: Environment;
  address: EngineAddress;
  /** The Compose project's name. */
  name: string;
  book: ReleaseBook;
  /** Of the workspace; absent without git. */
  commit: Commit | undefined;
  /** How another commit is related to it. */
  ancestryOf: (commit: string) => Promise<Ancestry>;
  /** What undoing uses. */
  undo: { runner: Runner; clock: Clock };
  failures: Map<string, Error>;
  /** Of each service that has some. */
  secrets: Map<string, ServiceSecrets>;
  folder: string;
  /** Gives or frees addresses of networks while no other service of the run does. */
  addresses: <T>(work: () => Promise<T>) => Promise<T>;
  /** Milliseconds that a container has to stay off a network of the engine before it joins it again. */
  linkPause: () => Promise<number>;
  /** Compose makes what several containers share one command at a time. */
  alone: <T>(work: () => Promise<T>) => Promise<T>;
}

/** What the engine says. */
export interface Facts {
  containers: readonly Container[];
  releases: ReadonlyMap<string, readonly Release[]>;
  /** Those that an earlier version noted in the labels of containers. */
  earlier: readonly Release[];
  confirmed: Confirmed;
  edge: EdgeState;
}

/** Does `work` for a service; where it fails, that is remembered and the others go on. */
export async function attempt<T>(
  { failures }: Run,
  service: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    failures.set(service, error as Error);
    return undefined;
  }
}

/** Tells of one service while it is deployed. */
export function tellOf(
  { tell, tasks, repeat }: Pick<Run, 'tell' | 'tasks' | 'repeat'>,
  service: string,
): (line: string) => void {
  const task = tasks.find((one) => one.service.name === service);
  return (line) => {
    tell(line);
    if (repeat?.has(service)) task?.say(line);
  };
}

/** Asks the engine what there is. */
export async function readFacts(run: Run): Promise<Facts> {
  const { runner, address, name, book } = run;
  const [containers, { releases, earlier }, confirmed] = await Promise.all([
    readProjectContainers(runner, address, name),
    readReleases(book),
    readConfirmed(book),
  ]);
  return { containers, releases, earlier, confirmed, edge: await readEdge(run, containers) };
}

/** Lets the services of a run fail that could be deployed, since others cannot. */
export function failAll({ failures, tasks }: Run, what: string): void {
  const why = [...failures.keys()].join(', ');
  for (const { service } of tasks) {
    if (failures.has(service.name)) continue;
    failures.set(service.name, new UserError(`${why} cannot be deployed, so ${what}`));
  }
}
