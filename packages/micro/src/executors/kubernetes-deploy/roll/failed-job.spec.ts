import { expect, it } from 'vitest';
import { recordingRunner } from '../../../testing/recording-runner';
import { fakeClock } from '../../../testing/service-task';
import { deleteFailed } from './failed-job';

/** The Job is found so many times. */
async function deleted(found: number): Promise<string[]> {
  let looks = 0;
  const runner = recordingRunner((line) =>
    line.includes(' get ') && looks++ < found ? { stdout: 'job.batch/migrate-1\n' } : {},
  );
  const cluster = { runner, context: 'far', namespace: 'shop', file: 'f.yml' };
  await deleteFailed({ cluster, clock: fakeClock() }, 'migrate-1');
  return runner.lines.map((line) => line.replace('kubectl --context far --namespace shop ', ''));
}

it('looks by itself until the Job is gone', async () => {
  const look = 'get job migrate-1 --ignore-not-found --output name';
  expect(await deleted(2)).toEqual([
    'delete job migrate-1 --ignore-not-found --cascade=foreground --wait=false',
    ...[look, look, look],
  ]);
});

it('gives up if a pod of the Job does not end, as on a node that died', async () => {
  await expect(deleted(Infinity)).rejects.toThrow(
    'the failed Job migrate-1 was not gone within 30 s: its pod does not end. A node that died keeps its pods until it is back, or is deleted: see "kubectl --context far get nodes"',
  );
});
