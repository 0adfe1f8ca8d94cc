import { UserError } from '../../platform/user-error';
import type { EngineAddress } from '../../docker/command';
import type { Clock } from '../../effects/clock';
import { readProjectContainers } from '../../effects/containers';
import type { Runner } from '../../effects/process';
import type { Environment } from '../../platform/environment';
import type { DeployRequest } from '../deploy-request';
import type { DeployMode } from '../deploy-options';
import type { Release } from '../../deployment/release';
import { type ReleaseBook, readReleases } from '../../effects/release-book';
import type { EdgeState } from '../../deployment/edge-plan';
import { readEdge } from '../../effects/edge-state';
import type { ServiceSecrets } from '../../deployment/secrets';
import type { Container } from '../../deployment/container';
import type { Ancestry, Commit, Confirmed } from '../../deployment/commit';
import { readConfirmed } from '../../effects/confirmed-commits';

/** A deploy run with everything that was read and decided for it. */
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
  /** Used for undoing, which must not be interrupted. */
  undo: { runner: Runner; clock: Clock };
  failures: Map<string, Error>;
  /** For each service that has secrets. */
  secrets: Map<string, ServiceSecrets>;
  folder: string;
  /** Runs work that assigns or releases network addresses, one service at a time. */
  addresses: <T>(work: () => Promise<T>) => Promise<T>;
  /** How many milliseconds a container stays disconnected from a network before it is connected again. */
  linkPause: () => Promise<number>;
  /** Runs work that creates networks and volumes with Compose, one command at a time. */
  alone: <T>(work: () => Promise<T>) => Promise<T>;
}

/** The current state of the engine. */
export interface Facts {
  containers: readonly Container[];
  releases: ReadonlyMap<string, readonly Release[]>;
  /** Releases that an earlier version recorded in labels of containers. */
  earlier: readonly Release[];
  confirmed: Confirmed;
  edge: EdgeState;
}

/** Does `work` for a service. If it fails, the error is recorded and the other services continue. */
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

/** Prints lines about one service. */
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

/** Reads the current state of the engine. */
export async function readFacts(run: Run): Promise<Facts> {
  const { runner, address, name, book } = run;
  const [containers, { releases, earlier }, confirmed] = await Promise.all([
    readProjectContainers(runner, address, name),
    readReleases(book),
    readConfirmed(book),
  ]);
  return { containers, releases, earlier, confirmed, edge: await readEdge(run, containers) };
}

/** Marks all other services of a run as failed, because some cannot be deployed. */
export function failAll({ failures, tasks }: Run, what: string): void {
  const why = [...failures.keys()].join(', ');
  for (const { service } of tasks) {
    if (failures.has(service.name)) continue;
    failures.set(service.name, new UserError(`${why} cannot be deployed, so ${what}`));
  }
}
