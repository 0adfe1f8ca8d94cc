import type { Clock } from '../effects/clock';
import { fileReader } from '../effects/files';
import type { ServiceTask } from '../executors/service-task';
import { parseManifest } from '../platform/manifest';
import { recordingRunner, type Answer, type RecordingRunner } from './recording-runner';
import { temporaryWorkspace } from './temporary-workspace';

export interface RecordedTask extends ServiceTask {
  runner: RecordingRunner;
  /** What was told to the person, line by line. */
  said: string[];
  clock: Clock & { slept: number[] };
  read: (path: string) => string | undefined;
}

/** The task of a service `orders` of the platform `acme`, in a folder of its own with a recording runner. */
export function recordedTask(
  files: Readonly<Record<string, string>> = {},
  answer?: Answer,
): RecordedTask {
  const manifest = 'port: 3001\n';
  const root = temporaryWorkspace({ 'apps/orders/service.yml': manifest, ...files });
  const read = fileReader(root);
  const { read: parsed } = parseManifest('service.yml', read('apps/orders/service.yml')!);
  const said: string[] = [];
  return {
    workspaceRoot: root,
    platformName: 'acme',
    service: { ...parsed!.manifest, name: 'orders', root: 'apps/orders' },
    runner: recordingRunner(answer),
    clock: fakeClock(),
    sameRun: new Set(),
    said,
    say: (line) => said.push(line),
    read,
  };
}

/** A clock that only moves during a sleep. */
export function fakeClock(): Clock & { slept: number[] } {
  let now = Date.parse('2026-11-21T12:00:00Z');
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      now += milliseconds;
      await Promise.resolve();
    },
  };
}
