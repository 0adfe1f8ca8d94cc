import type { Clock } from '../effects/clock';
import type { Interruption } from '../effects/interruption';
import type { Runner } from '../effects/process';
import type { DeployOptions } from './deploy-options';
import type { ServiceTask } from './service-task';

/** The input of a deploy run. */
export interface DeployRequest {
  workspaceRoot: string;
  platformName: string;
  runner: Runner;
  clock: Clock;
  tasks: readonly ServiceTask[];
  options: DeployOptions;
  /** Prints lines that concern all services. */
  tell: (line: string) => void;
  /** Services whose tasks repeat the lines about them, if Nx shows only the output of tasks. */
  repeat?: ReadonlySet<string>;
  interruption: Interruption;
}

/** Why services were not deployed, by their names. */
export type Failures = ReadonlyMap<string, Error>;

/** Prints lines about one service. */
export function tellOf(
  { tell, tasks, repeat }: Pick<DeployRequest, 'tell' | 'tasks' | 'repeat'>,
  service: string,
): (line: string) => void {
  const task = tasks.find((one) => one.service.name === service);
  return (line) => {
    tell(line);
    if (repeat?.has(service)) task?.say(line);
  };
}
