import { expect, it } from 'vitest';
import { failure, recordingRunner } from '../../../testing/recording-runner';
import { systemClock } from '../../../effects/clock';
import { deleteUnstarted } from './unstarted-job';

const JOB = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'migrate-1', uid: 'j1' } };
const pod = (state: object, owner = 'j1') => ({
  ...{ apiVersion: 'v1', kind: 'Pod' },
  metadata: { name: 'p', ownerReferences: [{ kind: 'Job', name: 'migrate-1', uid: owner }] },
  status: { containerStatuses: [{ name: 'migrate', state }] },
});

async function deleted(objects: object[], answer = {}): Promise<string[]> {
  const runner = recordingRunner(() => answer);
  const cluster = { runner, context: 'far', namespace: 'shop', file: 'f.yml' };
  const look = () => Promise.resolve(objects as never);
  await deleteUnstarted({ undo: { cluster, clock: systemClock }, look }, 'migrate-1', 'migrate');
  return runner.lines;
}

it.each([
  ['it has no pod', [JOB]],
  ['its pod waits', [JOB, pod({ waiting: { reason: 'ImagePullBackOff' } })]],
  ['only the pod of another Job ran', [JOB, pod({ running: {} }, 'j0')]],
])('deletes a Job if %s', async (_, objects) => {
  expect(await deleted(objects)).toEqual([
    'kubectl --context far --namespace shop delete job migrate-1 --ignore-not-found --cascade=background',
  ]);
});

it.each([
  ['is gone', []],
  ['runs', [JOB, pod({ running: {} })]],
  ['has ended', [JOB, pod({ terminated: { exitCode: 1 } })]],
])('leaves a Job that %s', async (_, objects) => {
  expect(await deleted(objects)).toEqual([]);
});

it('leaves what cannot be deleted to the next run', async () => {
  await expect(deleted([JOB], failure('Unauthorized'))).resolves.toHaveLength(1);
});
