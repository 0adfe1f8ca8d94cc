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
import type { DesiredState } from '../../deployment/desired-state';
import type { ServiceSecrets } from '../../deployment/secrets';
import type { Container } from '../../deployment/container';
import type { Ancestry, Commit, Confirmed } from '../../deployment/commit';
import type { CanaryShares } from '../../deployment/canary';
import { readShares } from '../../effects/canary-shares';
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
  /** With `--canary`, by the names of canaries: their services as they are declared. */
  canaryOf: ReadonlyMap<string, DesiredState>;
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
  /** Which requests canaries get. */
  shares: CanaryShares;
}

/** Reads the current state of the engine. */
export async function readFacts(run: Run): Promise<Facts> {
  const { runner, address, name, book } = run;
  const [containers, { releases, earlier }, confirmed, shares] = await Promise.all([
    readProjectContainers(runner, address, name),
    readReleases(book),
    readConfirmed(book),
    readShares(book),
  ]);
  const edge = await readEdge(run, containers);
  return { containers, releases, earlier, confirmed, edge, shares };
}
