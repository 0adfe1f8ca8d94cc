import '../compile-cache';
import type { ExecutorContext, TaskGraph } from '@nx/devkit';
import { isBatchOutputHeld } from '../../effects/nx-output';
import { processRunner } from '../../effects/process';
import { sharedRunner } from '../../effects/shared-runner';
import { UserError } from '../../platform/user-error';
import { runServiceTasks, type EndedTask, type ServiceTask } from '../service-task';
import type { Failures } from './run';
import { deployTogether } from './deploy-together';
import { listenForInterruption } from '../../effects/interruption';
import type { ComposeDeployOptions } from './options';

/** Deploys all services of a run in one coordinated roll, and prints one plan for them. */
export default async function* composeDeployBatch(
  taskGraph: TaskGraph,
  options: Record<string, ComposeDeployOptions>,
  _overrides: ComposeDeployOptions,
  context: ExecutorContext,
): AsyncGenerator<EndedTask> {
  const ids = Object.keys(taskGraph.tasks);
  const interruption = listenForInterruption();
  const runner = sharedRunner(processRunner(context.root));
  const meeting = openMeeting(ids.length, (tasks, common) =>
    deployTogether(tasks, {
      context,
      ids,
      runner,
      options: common,
      interruption,
      // Seen at once, while what a task says is printed when it ended.
      tell: (line) => console.log(line),
      isUnheard: isBatchOutputHeld(),
    }),
  );
  const joined = new Set<string>();
  const ended = runServiceTasks(
    taskGraph,
    context,
    async (task, id) => {
      joined.add(id);
      const failure = (await meeting.join(task, options[id] ?? {})).get(task.service.name);
      if (failure) throw failure;
    },
    ids.length,
  );
  try {
    for await (const one of ended) {
      // Also the task that failed before it could join: the others must not wait for it.
      if (!joined.has(one.task)) meeting.pass();
      yield one;
    }
  } finally {
    interruption.dispose();
  }
}

interface Meeting {
  /** Resolves when what all decided on together is done. */
  join(task: ServiceTask, options: ComposeDeployOptions): Promise<Failures>;
  /** Says that a task does not come. */
  pass(): void;
}

/** Brings tasks together that go to the same environment in the same way. */
function openMeeting(
  expected: number,
  decide: (tasks: readonly ServiceTask[], options: ComposeDeployOptions) => Promise<Failures>,
): Meeting {
  interface Guest {
    task: ServiceTask;
    options: ComposeDeployOptions;
    resolve: (failures: Failures) => void;
    reject: (error: unknown) => void;
  }
  const guests: Guest[] = [];
  let open = expected;
  const heard = () => {
    open--;
    if (open > 0) return;
    const groups = new Map<string, Guest[]>();
    for (const guest of guests) {
      const how = JSON.stringify(Object.entries(guest.options).sort());
      groups.set(how, [...(groups.get(how) ?? []), guest]);
    }
    void (async () => {
      for (const group of groups.values()) {
        const tasks = group.map(({ task }) => task);
        await decide(tasks, group[0]!.options).then(
          (failures) => group.forEach(({ resolve }) => resolve(failures)),
          (error: unknown) => group.forEach(({ reject }) => reject(sameFor(error, group))),
        );
      }
    })();
  };
  return {
    join: (task, options) =>
      new Promise((resolve, reject) => {
        guests.push({ task, options, resolve, reject });
        heard();
      }),
    pass: heard,
  };
}

/** Each task shows an error of the whole run; more than one says that it is the same. */
function sameFor(error: unknown, group: readonly unknown[]): unknown {
  return error instanceof UserError && group.length > 1
    ? new UserError(`${error.message}\n(for all ${group.length} services of this run)`)
    : error;
}
