import type { Writable } from 'node:stream';
import type { RunningContainer } from '../../deployment/container';
import type { Outcome } from '../../effects/process';
import type { WholeOutcome } from '../../effects/whole-output';
import type { UserError } from '../../platform/user-error';
import type { Shell } from '../shell';

/** A container of an engine, or a pod of a cluster, as far as backups look at it. */
export type DatastoreContainer = Pick<
  RunningContainer,
  'id' | 'name' | 'service' | 'state' | 'image' | 'environment' | 'mounts'
>;

/** Where the datastores of an environment run, and how their data is reached, whatever the engine. */
export interface Place {
  /** The environment's name. */
  environment: string;
  /** What holds the datastores, for people: `the Compose project shop-production`. */
  home: string;
  /** What to say of a datastore that is not running. */
  notRunning: string;
  /** Services that run outside of the environment, with their addresses. */
  links: Readonly<Record<string, string>>;
  /** Everything of the platform that runs there, services too. */
  readContainers(shell: Shell): Promise<readonly DatastoreContainer[]>;
  /** Runs a script that prints little. */
  ask(shell: Shell, container: DatastoreContainer, script: string): Promise<Outcome>;
  /** Runs a script that dumps, as `DUMP_TOOLS` has it. */
  dump(
    shell: Shell,
    container: DatastoreContainer,
    script: string,
    streams: { output: Writable; onBytes: (count: number) => void },
  ): Promise<WholeOutcome>;
  /** Runs a script that restores. It ends with 0 only if all of the dump was taken. */
  restore(
    shell: Shell,
    container: DatastoreContainer,
    script: string,
    dump: { path: string; bytes: number; onBytes: (count: number) => void },
  ): Promise<Outcome>;
  /** What a script that failed means. */
  toError(what: string, outcome: Outcome): UserError;
  /** Does `work` while nothing is deployed there. */
  hold<T>(shell: Shell, lock: LockWish, work: (shell: Shell) => Promise<T>): Promise<T>;
  /** What keeps a datastore of a service from being restored, and what to do; `undefined` if nothing does. */
  whyBusy(
    containers: readonly DatastoreContainer[],
    service: string,
    datastore: string,
  ): string | undefined;
  /** What becomes of services while their datastores are restored, one line each. */
  describePause(containers: readonly DatastoreContainer[], services: readonly string[]): string[];
  /** Does `work` while these services do not run, if this place can stop them; otherwise they have been. */
  withoutServices<T>(shell: Shell, services: readonly string[], work: () => Promise<T>): Promise<T>;
  /** What is to be done once a datastore of a service was restored. */
  afterRestore(shell: Shell, service: string): Promise<void>;
}

export interface LockWish {
  /** `micro restore`, as those who wait are told. */
  command: string;
  /** Take the lock away from its holder. */
  force: boolean;
}
