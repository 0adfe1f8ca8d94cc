import type { ServiceChange } from '../../../deployment/plan';
import type { Container } from '../../../deployment/container';
import type { EngineAddress } from '../../../docker/command';
import type { ComposeProject } from '../../../docker/compose';
import type { Clock } from '../../../effects/clock';
import { runDocker } from '../../../effects/engine';
import type { Runner } from '../../../effects/process';
import type { Secret } from '../../../platform/secret';

/** What others wait for of a roll. */
export interface RollEvents {
  /** Called once the old containers have stopped, and with them gave up their ports; where it fails, they come back. */
  released?: (() => Promise<void>) | undefined;
  /** Called once a new container is healthy and found under its names. */
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
  /** Seconds that it has to stay healthy before what it replaces is stopped. */
  steady: number;
  clock: Clock;
  /** What undoing uses: it goes on where the deploy is interrupted. */
  undo: { runner: Runner; clock: Clock };
  /** Gives or frees addresses of networks while no other service of the run does. */
  addresses: <T>(work: () => Promise<T>) => Promise<T>;
  /** Milliseconds that a container has to stay off a network before it joins it again. */
  linkPause: () => Promise<number>;
  /** Pulls the image again if it is gone; without it nothing is pulled. */
  bringImage?: () => Promise<void>;
  /** Makes containers while no other service of the run does. */
  alone: <T>(work: () => Promise<T>) => Promise<T>;
  say: (line: string) => void;
}

/** What a roll has done so far, so that it can be undone. */
export interface Progress {
  /** New containers that were healthy, and that others may call by now. */
  found: Container[];
  /** New containers of the step that is being taken. */
  current: Container[];
  hidden: Container[];
  stopped: Container[];
}

export type Run = (args: readonly string[], what: string) => Promise<unknown>;

export type Engine = Pick<Roll, 'runner' | 'address' | 'addresses'>;

/** Containers that start, stop and move give and free addresses. */
export function runIn({ runner, address, addresses }: Engine): Run {
  return (args, what) => addresses(() => runDocker(runner, args, address, what));
}

export function undoing({ undo, address, addresses }: Roll): Run {
  return runIn({ runner: undo.runner, address, addresses });
}

export function idsOf(containers: readonly Container[]): string[] {
  return containers.map(({ id }) => id);
}
