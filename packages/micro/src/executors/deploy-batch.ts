import './compile-cache';
import type { ExecutorContext, TaskGraph } from '@nx/devkit';
import { isBatchOutputHeld } from '../effects/nx-output';
import { UserError } from '../platform/user-error';
import { openBarrier, type Joined } from './batch-barrier';
import { runServiceTasks, type EndedTask, type ServiceTask } from './service-task';
import type { Failures } from './deploy-request';
import { deployTogether, type Deploy } from './deploy-together';
import { listenForInterruption } from '../effects/interruption';
import type { DeployOptions } from './deploy-options';

interface JoinedTask {
  task: ServiceTask;
  options: DeployOptions;
}

/** Deploys all services of a run in one coordinated roll, and prints one plan for them. */
export async function* deployBatch(
  deployServices: Deploy,
  taskGraph: TaskGraph,
  options: Record<string, DeployOptions>,
  context: ExecutorContext,
): AsyncGenerator<EndedTask> {
  const ids = Object.keys(taskGraph.tasks);
  const interruption = listenForInterruption();
  const deploy = (tasks: readonly ServiceTask[], common: DeployOptions) =>
    deployTogether(tasks, {
      context,
      ids,
      options: common,
      deploy: deployServices,
      interruption,
      // Printed at once; Nx prints the output of a task only when the task has ended.
      tell: (line) => console.log(line),
      isUnheard: isBatchOutputHeld(),
    });
  const barrier = openBarrier<JoinedTask, Failures>(ids.length, (deploys) => {
    void deployGroups(deploys, deploy);
  });
  const joined = new Set<string>();
  const ended = runServiceTasks(
    taskGraph,
    context,
    async (task, id) => {
      joined.add(id);
      const failure = (await barrier.join({ task, options: options[id] ?? {} })).get(
        task.service.name,
      );
      if (failure) throw failure;
    },
    ids.length,
  );
  try {
    for await (const one of ended) {
      // A task that failed before it joined passes, or the others would wait forever.
      if (!joined.has(one.task)) barrier.pass();
      yield one;
    }
  } finally {
    interruption.dispose();
  }
}

/** Groups tasks with the same environment and options, and deploys one group after the other. */
async function deployGroups(
  deploys: readonly Joined<JoinedTask, Failures>[],
  deploy: (tasks: readonly ServiceTask[], options: DeployOptions) => Promise<Failures>,
): Promise<void> {
  const groups = new Map<string, Joined<JoinedTask, Failures>[]>();
  for (const one of deploys) {
    const how = JSON.stringify(Object.entries(one.options).sort());
    groups.set(how, [...(groups.get(how) ?? []), one]);
  }
  for (const group of groups.values()) {
    const tasks = group.map(({ task }) => task);
    await deploy(tasks, group[0]!.options).then(
      (failures) => group.forEach(({ resolve }) => resolve(failures)),
      (error: unknown) => group.forEach(({ reject }) => reject(sameFor(error, group))),
    );
  }
}

/** An error of the whole run is shown by each of its tasks; with several tasks, the message says so. */
function sameFor(error: unknown, group: readonly unknown[]): unknown {
  return error instanceof UserError && group.length > 1
    ? new UserError(`${error.message}\n(for all ${group.length} services of this run)`)
    : error;
}
