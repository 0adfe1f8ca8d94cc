import type { Command } from '../docker/command';
import type { Failures } from '../executors/deploy-request';
import type { DeployOptions } from '../executors/deploy-options';
import { deployRun } from '../executors/kubernetes-deploy/deploy-run';
import type { RecordedTask } from './service-task';

/** Deploys to the cluster of `production`, and nobody interrupts it. @param tasks that run together. */
export function deployRecorded(
  task: RecordedTask,
  options: DeployOptions = {},
  tasks = [task],
): Promise<Failures> {
  return deployRun({
    ...task,
    tasks,
    options: { environment: 'production', ...options },
    tell: task.say,
    interruption: {
      ...{ signal: new AbortController().signal, trigger: () => undefined },
      dispose: () => undefined,
    },
  });
}

/** What kubectl prints of an object that it was given to create or replace: the object with a version. */
export function printWritten({ stdin }: Command): { stdout: string } {
  const given = JSON.parse(String(stdin)) as { metadata: object };
  const metadata = { ...given.metadata, resourceVersion: '7' };
  return { stdout: JSON.stringify({ ...given, metadata }) };
}
