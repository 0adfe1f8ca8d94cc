import type { ExecutorContext } from '@nx/devkit';
import { systemClock } from '../effects/clock';
import { isConfirmedSince } from '../effects/receipts';
import { readServiceTask, type ServiceTask } from './service-task';
import type { DeployRequest, Failures } from './deploy-request';
import type { Interruption } from '../effects/interruption';
import { findSiblings, laterDeploys, receiptOfSibling } from './sibling-deploys';
import type { DeployOptions } from './deploy-options';

/** Deploys the services of a run together; see `deployRun` of each engine. */
export type Deploy = (request: DeployRequest) => Promise<Failures>;

export interface Together {
  context: ExecutorContext;
  /** Ids of the tasks that this process was started for. */
  ids: readonly string[];
  options: DeployOptions;
  interruption: Interruption;
  tell: (line: string) => void;
  /** Deploys to the engine of the executor. */
  deploy: Deploy;
  /** Whether Nx hides the run's own output, so that only the output of tasks is seen. */
  isUnheard?: boolean;
}

/**
 * Deploys these tasks together with later deploys of the same Nx run whose images are ready. When Nx starts those, they
 * find nothing left to do.
 */
export async function deployTogether(
  tasks: readonly ServiceTask[],
  { context, ids, options, interruption, tell, deploy, isUnheard = false }: Together,
): Promise<Failures> {
  const [first] = tasks;
  if (!first) return new Map();
  const { rollback, to, canary, promote, abort } = options;
  const isOfCanary = canary !== undefined || promote === true || abort === true;
  const alone = rollback === true || to !== undefined || isOfCanary;
  const siblings = alone ? [] : await readSiblings(context, ids, tasks, options);
  const all = [...tasks, ...siblings];
  const names = new Set(all.map(({ service }) => service.name));
  const later = alone ? [] : laterDeploys(context.taskGraph, ids, names);
  if (options.atomic && later.length > 0) {
    tell(
      `warning  ${later.join(', ')}: Nx prepares and deploys this later in the run, so --atomic covers only ${[...names].join(', ')}`,
    );
  }
  const failures = await deploy({
    workspaceRoot: context.root,
    platformName: first.platformName,
    runner: first.runner,
    clock: systemClock,
    tasks: all,
    options,
    tell,
    repeat: isUnheard ? new Set(tasks.map(({ service }) => service.name)) : undefined,
    interruption,
  });
  for (const { service } of siblings) {
    const failure = failures.get(service.name);
    if (failure) tell(`error  ${failure.message}\n(the task of ${service.name} will try again)`);
  }
  return failures;
}

async function readSiblings(
  context: ExecutorContext,
  ids: readonly string[],
  tasks: readonly ServiceTask[],
  { environment = '' }: DeployOptions,
): Promise<ServiceTask[]> {
  const { runner } = tasks[0]!;
  const siblings: ServiceTask[] = [];
  for (const sibling of findSiblings(context.taskGraph, ids)) {
    const { project, since } = sibling;
    const root = context.projectsConfigurations.projects[project]?.root;
    if (root === undefined) continue;
    const receipt = receiptOfSibling(sibling, root, environment);
    // A receipt may be from an earlier run, if the push of this one failed.
    if (!(await isConfirmedSince(context.root, receipt, since))) continue;
    // The summary shows its result, and its own task later finds nothing to do.
    siblings.push(readServiceTask(context, project, runner, () => undefined));
  }
  return siblings;
}
