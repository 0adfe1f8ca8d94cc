import type { ServiceEvent, Task } from '@aws-sdk/client-ecs';
import { lastLines } from '../../../docker/engine-error';
import { AwsError, runAws } from '../../../effects/aws';
import { taskTrouble } from '../../../ecs/task-trouble';
import { visible } from '../../../platform/visible';
import type { Run } from '../run';

const EVENTS = 3;
const LOG_LINES = 20;

/** Where to look for the reason of a failure. */
export interface Failed {
  /** As `list-tasks` takes it: the service or the family of a job. */
  of: readonly ['--service-name' | '--family', string];
  taskDefinition: string;
  /** The entry, whose name its container has. */
  container: string;
  /** The latest first. */
  events?: readonly ServiceEvent[];
  /** Milliseconds since 1970: events before are of something else. */
  since: number;
}

/** What stopped tasks, the service's events and the log say; each part as far as AWS gives it. */
export async function readTrouble(run: Run, failed: Failed): Promise<string[]> {
  const tasks = await readStopped(run, failed);
  const [last] = tasks;
  const reasons = new Set(tasks.flatMap(taskTrouble));
  const events = (failed.events ?? [])
    .filter(({ createdAt }) => new Date(createdAt ?? 0).getTime() >= failed.since)
    .flatMap(({ message }) => message ?? [])
    .filter(
      (message) => !/has started \d+ tasks|has begun draining|registered \d+ targets/.test(message),
    );
  const log = last ? await readLog(run, failed.container, last) : '';
  return [
    ...[...reasons].map((reason) => `  task: ${reason}`),
    ...[...new Set(events)].slice(0, EVENTS).map((event) => `  event: ${event}`),
    ...(log === '' ? [] : ['  its last lines:', ...log.split('\n').map((line) => `    ${line}`)]),
  ].map(visible);
}

/** Those of this task definition, the latest first. */
async function readStopped(
  { undo: { aws }, scope: { cluster } }: Run,
  { of, taskDefinition }: Failed,
): Promise<Task[]> {
  const { taskArns = [] } = await quietly(
    runAws<{ taskArns?: string[] }>(
      aws,
      ['ecs', 'list-tasks', '--cluster', cluster, ...of, '--desired-status', 'STOPPED'],
      'Could not list the stopped tasks',
    ),
    {},
  );
  if (taskArns.length === 0) return [];
  const { tasks = [] } = await quietly(
    runAws<{ tasks?: Task[] }>(
      aws,
      ['ecs', 'describe-tasks', '--cluster', cluster, '--tasks', ...taskArns.slice(0, 100)],
      'Could not look at the stopped tasks',
    ),
    {},
  );
  const time = ({ stoppedAt }: Task) => new Date(stoppedAt ?? 0).getTime();
  return tasks
    .filter((task) => task.taskDefinitionArn === taskDefinition)
    .sort((a, b) => time(b) - time(a));
}

/** The streams of the log are named `<entry>/<container>/<id of the task>`. */
async function readLog(
  { undo: { aws }, scope: { logGroup } }: Run,
  container: string,
  { taskArn = '' }: Task,
): Promise<string> {
  const stream = `${container}/${container}/${taskArn.split('/').at(-1)}`;
  const { events = [] } = await quietly(
    runAws<{ events?: { message?: string }[] }>(
      aws,
      [
        ...['logs', 'get-log-events', '--log-group-name', logGroup, '--log-stream-name', stream],
        ...['--limit', String(LOG_LINES), '--no-start-from-head'],
      ],
      'Could not read the log',
    ),
    {},
  );
  return lastLines(events.map(({ message = '' }) => message).join('\n'), LOG_LINES);
}

/** The failure itself is told without it. */
async function quietly<T>(work: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return otherwise;
  }
}
