import type { ServiceChange } from '../../../deployment/plan';
import type { Container } from '../../../deployment/container';
import type { EngineAddress } from '../../../docker/command';
import type { ComposeProject } from '../../../docker/compose';
import type { Clock } from '../../../effects/clock';
import { runDocker } from '../../../effects/engine';
import type { Runner } from '../../../effects/process';
import type { Secret } from '../../../platform/secret';

/** Moments of a roll that others wait for. */
export interface RollEvents {
  /** Called when the old containers have stopped and released their ports. If it fails, they are started again. */
  released?: (() => Promise<void>) | undefined;
  /** Called when a new container is healthy and can be found by name. */
  serving?: (() => void) | undefined;
}

export interface Roll extends RollEvents {
  runner: Runner;
  address: EngineAddress;
  project: ComposeProject;
  service: string;
  plan: ServiceChange;
  /** A tar archive with the secrets of new containers. */
  secrets?: Secret;
  /** Seconds that a container may take to become healthy. */
  healthTimeout: number;
  /** Seconds that it has to stay healthy before the old one is stopped. */
  steady: number;
  clock: Clock;
  /** Used for undoing, which must not be interrupted. */
  undo: { runner: Runner; clock: Clock };
  /** Runs work that assigns or releases network addresses, one service at a time. */
  addresses: <T>(work: () => Promise<T>) => Promise<T>;
  /** How many milliseconds a container stays disconnected from a network before it is connected again. */
  linkPause: () => Promise<number>;
  /** Pulls the image again if it is gone; without it nothing is pulled. */
  bringImage?: () => Promise<void>;
  /** Runs work that creates containers, one service at a time. */
  alone: <T>(work: () => Promise<T>) => Promise<T>;
  say: (line: string) => void;
}

/** What a roll has done so far, so that it can be undone. */
export interface Progress {
  /** New containers that were healthy and can be called. */
  found: Container[];
  /** New containers of the current step. */
  current: Container[];
  hidden: Container[];
  stopped: Container[];
}

export type Run = (args: readonly string[], what: string) => Promise<unknown>;

export type Engine = Pick<Roll, 'runner' | 'address' | 'addresses'>;

/** Starting, stopping and moving containers assigns or releases network addresses. */
export function runIn({ runner, address, addresses }: Engine): Run {
  return (args, what) => addresses(() => runDocker(runner, args, address, what));
}

export function undoing({ undo, address, addresses }: Roll): Run {
  return runIn({ runner: undo.runner, address, addresses });
}

export function idsOf(containers: readonly Container[]): string[] {
  return containers.map(({ id }) => id);
}
