import type { ExecutorContext, Task, TaskGraph } from '@nx/devkit';
import { availableParallelism } from 'node:os';
import { styleText } from 'node:util';
import { systemClock, type Clock } from '../effects/clock';
import { fileReader } from '../effects/files';
import { engineRunner } from '../effects/engine-runner';
import type { Runner } from '../effects/process';
import { sharedRunner } from '../effects/shared-runner';
import { MANIFEST_FILE, parseManifest } from '../platform/manifest';
import { projectNameProblem } from '../platform/name';
import type { Service } from '../platform/platform';
import { PlatformError } from '../platform/problem';
import { UserError } from '../platform/user-error';
import { readPlatformName } from '../platform/workspace';

/** What every task of one service starts from. */
export interface ServiceTask {
  workspaceRoot: string;
  platformName: string;
  service: Service;
  runner: Runner;
  clock: Clock;
  /** The projects for which the same target runs in this command. */
  sameRun: ReadonlySet<string>;
  /** Prints one line of the task's story. */
  say: (line: string) => void;
}

/** How a task of a batch ended, as Nx takes it. */
export interface TaskResult {
  success: boolean;
  terminalOutput: string;
  /** Milliseconds since 1970. */
  startTime: number;
  endTime: number;
}

/**
 * Runs one task of a service. This is the one place where errors become output. An error that a person can solve is
 * shown as its message; any other keeps its stack.
 */
export async function runServiceTask(
  context: ExecutorContext,
  work: (task: ServiceTask) => Promise<void>,
  given?: Runner,
): Promise<{ success: boolean }> {
  const engine = engineRunner(context.root);
  const runner = given ?? engine;
  const failure = await failureOf(async () =>
    work(readServiceTask(context, context.projectName, runner, (line) => console.log(line))),
  );
  await engine.close();
  if (failure !== undefined) console.error(failure);
  return { success: failure === undefined };
}

/** A task of a batch that ended. */
export interface EndedTask {
  task: string;
  result: TaskResult;
}

/**
 * Runs the tasks of a batch in parallel in this process. Each fails alone, and is reported when it ends.
 *
 * @param limit how many run at the same time.
 */
export async function* runServiceTasks(
  taskGraph: TaskGraph,
  context: ExecutorContext,
  work: (task: ServiceTask, id: string) => Promise<void>,
  limit: number = availableParallelism(),
): AsyncGenerator<EndedTask> {
  const waiting = Object.values(taskGraph.tasks);
  const running = new Map<string, Promise<EndedTask>>();
  const engine = engineRunner(context.root);
  const runner = sharedRunner(engine);
  const startNext = () => {
    const next = waiting.shift();
    if (next) running.set(next.id, runOne(next, context, runner, work));
  };
  for (let count = 0; count < limit; count++) startNext();
  while (running.size > 0) {
    const ended = await Promise.race(running.values());
    running.delete(ended.task);
    startNext();
    // When it has the last result, Nx ends this process and all that it started, and waits for each. The client that holds
    // a connection ignores SIGTERM, and one that outlives this process stays in the table of processes until PID 1 reaps it.
    if (running.size === 0) await engine.close();
    yield ended;
  }
  // Nx ends the processes of its batches, and looks 100 ms later whether they have; one that has
  // nothing more to do but to listen can go before.
  if (isProcessOfBatch(process.argv[1])) process.channel?.unref();
}

/** Whether Nx started a process with this script for one batch. Others, such as a test runner's, have more to listen for. */
export function isProcessOfBatch(script: string | undefined): boolean {
  return /[\\/]batch[\\/]run-batch\.js$/.test(script ?? '');
}

async function runOne(
  { id, target }: Task,
  context: ExecutorContext,
  runner: Runner,
  work: (task: ServiceTask, id: string) => Promise<void>,
): Promise<EndedTask> {
  const startTime = systemClock.now();
  const lines: string[] = [];
  const failure = await failureOf(async () =>
    work(
      // Nx names no target to a batch.
      readServiceTask({ ...context, targetName: target.target }, target.project, runner, (line) =>
        lines.push(line),
      ),
      id,
    ),
  );
  if (failure !== undefined) lines.push(failure);
  const terminalOutput = lines.map((line) => `${line}\n`).join('');
  return {
    task: id,
    result: {
      success: failure === undefined,
      terminalOutput,
      startTime,
      endTime: systemClock.now(),
    },
  };
}

/** What is shown of the error that `work` ended with; `undefined` if it did not. */
async function failureOf(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error instanceof UserError
      ? `${styleText('red', 'error')}  ${error.message}`
      : ((error as Error).stack ?? String(error));
  }
}

/** What a task of a project starts from. @throws {UserError} if it is no service. */
export function readServiceTask(
  { root, projectsConfigurations, taskGraph, targetName }: ExecutorContext,
  projectName: string | undefined,
  runner: Runner,
  say: ServiceTask['say'],
): ServiceTask {
  const project = projectName && projectsConfigurations.projects[projectName];
  if (!project) throw new UserError('this executor runs for a project: nx run <project>:<target>');
  const read = fileReader(root);
  const file = `${project.root}/${MANIFEST_FILE}`;
  const text = read(file);
  if (text === undefined) {
    throw new UserError(
      `${project.root} has no ${MANIFEST_FILE}: "${projectName}" is not a service. Add the file, or remove the target from the project`,
    );
  }
  const wrongName = projectNameProblem(file, projectName);
  if (wrongName) throw new PlatformError([wrongName]);
  const { read: manifest, problems } = parseManifest(file, text);
  if (!manifest) throw new PlatformError(problems);
  return {
    workspaceRoot: root,
    platformName: readPlatformName(read),
    service: { ...manifest.manifest, name: projectName, root: project.root },
    runner,
    clock: systemClock,
    sameRun: new Set(
      Object.values(taskGraph?.tasks ?? {})
        .filter(({ target }) => target.target === targetName)
        .map(({ target }) => target.project),
    ),
    say,
  };
}
