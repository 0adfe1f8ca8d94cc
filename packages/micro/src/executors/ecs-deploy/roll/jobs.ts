import type { Failure, Task } from '@aws-sdk/client-ecs';
import { runAws } from '../../../effects/aws';
import type { JobEntry } from '../../../ecs/desired-service';
import type { EcsServicePlan } from '../../../ecs/service-plan';
import { taskTrouble } from '../../../ecs/task-trouble';
import { UserError } from '../../../platform/user-error';
import { formatStep } from '../../../terminal/step';
import { tellOf } from '../../deploy-request';
import type { Run } from '../run';
import { deregisterTask, registerTask } from './register';
import { tellWaiting } from './tell-waiting';
import { readTrouble } from './trouble';

const POLL_MILLISECONDS = 2000;

/** Runs the jobs of a service, such as its migration, one after the other. @throws {UserError} if one fails. */
export async function runJobs(
  run: Run,
  { service, desired, runsJobs }: EcsServicePlan,
): Promise<void> {
  if (!runsJobs) return;
  for (const job of desired.jobs) {
    const taskDefinition = await registerTask(run.aws, job.name, job.taskDefinition);
    try {
      await runJob(run, service, job, taskDefinition);
    } catch (error) {
      await deregisterTask(run.undo.aws, taskDefinition);
      throw error;
    }
    tellOf(run, service)(formatStep(service, 'ran', job.name));
  }
}

async function runJob(run: Run, service: string, job: JobEntry, taskDefinition: string) {
  const { aws, clock, scope, environment, undo } = run;
  const { name } = job;
  const since = clock.now();
  const { tasks = [], failures = [] } = await runAws<{ tasks?: Task[]; failures?: Failure[] }>(
    aws,
    ['ecs', 'run-task'],
    `Could not start ${name}`,
    { ...job.runTask, taskDefinition },
  );
  const arn = tasks[0]?.taskArn;
  if (arn === undefined) {
    const why = failures.map(({ reason, detail }) => [reason, detail].filter(Boolean).join(': '));
    throw new UserError(`${name} could not start (${why.join(', ')})\n${service} was not changed`);
  }
  const described = ['ecs', 'describe-tasks', '--cluster', scope.cluster, '--tasks', arn];
  const tell = tellWaiting(run, service);
  const fail = async (what: string) => {
    const trouble = await readTrouble(run, {
      ...{ of: ['--family', job.taskDefinition.family!], taskDefinition, container: name, since },
    });
    return new UserError([`${name}: ${what}`, ...trouble, `${service} was not changed`].join('\n'));
  };
  try {
    for (;;) {
      const answer = await runAws<{ tasks?: Task[] }>(aws, described, `Could not look at ${name}`);
      const [task] = answer.tasks ?? [];
      if (task?.lastStatus === 'STOPPED') {
        const { containers = [] } = task;
        if (containers.length > 0 && containers.every(({ exitCode }) => exitCode === 0)) return;
        throw await fail(taskTrouble(task)[0] ?? 'it did not end well');
      }
      if (clock.now() - since > environment.jobTimeout * 1000) {
        await stopTask(run, arn, 'it took longer than jobTimeout');
        throw await fail(`it did not end within ${environment.jobTimeout} s, and was stopped`);
      }
      tell(`${name} ${task?.lastStatus === 'RUNNING' ? 'runs' : 'has not started yet'}`);
      await clock.sleep(POLL_MILLISECONDS);
    }
  } catch (error) {
    if (run.interruption.signal.aborted)
      await stopTask({ ...run, aws: undo.aws }, arn, 'interrupted');
    throw error;
  }
}

async function stopTask(
  { undo: { aws }, scope }: Run,
  task: string,
  reason: string,
): Promise<void> {
  const args = ['ecs', 'stop-task', '--cluster', scope.cluster, '--task', task];
  await runAws(aws, [...args, '--reason', reason], 'Could not stop the task');
}
