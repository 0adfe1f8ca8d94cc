import { expect, it } from 'vitest';
import type { LiveObject } from '../../../kubernetes/live-object';
import { failure, recordingRunner } from '../../../testing/recording-runner';
import { fakeClock } from '../../../testing/service-task';
import { watchRollout } from './watch';

const AT = '2026-11-21T12:00:00Z';
const LABELS = { 'app.kubernetes.io/name': 'orders', 'pod-template-hash': 'h' };
const REVISION = { 'deployment.kubernetes.io/revision': '2' };

/** A Deployment whose new pod is not ready at the deadline of the cluster. */
const LATE: LiveObject[] = [
  {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
    metadata: { name: 'orders', uid: 'd', generation: 1, annotations: REVISION },
    spec: { replicas: 1 },
    status: {
      observedGeneration: 1,
      conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
    },
  },
  {
    ...{ apiVersion: 'apps/v1', kind: 'ReplicaSet' },
    metadata: {
      ...{ name: 'orders-h', labels: LABELS, annotations: REVISION },
      ownerReferences: [{ kind: 'Deployment', name: 'orders', uid: 'd' }],
    },
  },
  {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { name: 'orders-h-1', labels: LABELS },
    spec: { nodeName: 'node-2' },
    status: { startTime: AT },
  },
];

it('says which node a pod is on, and once that its log cannot be read because that node does not answer', async () => {
  const clock = fakeClock();
  const runner = recordingRunner((line) =>
    line.includes(' logs ')
      ? failure(
          'Error from server: Get "https://10.0.0.12:10250/containerLogs/shop/orders-h-1/orders?tailLines=20": dial tcp 10.0.0.12:10250: connect: no route to host',
        )
      : { stdout: '{"items":[]}' },
  );
  const cluster = {
    ...{ context: 'far', namespace: 'shop', file: 'environments/live.yml', runner },
    patience: { clock, seconds: 60, seen: {} },
  };
  const watching = { cluster, clock, look: () => Promise.resolve(LATE) };
  await expect(
    watchRollout(watching, { kind: 'Deployment', name: 'orders', entry: 'orders', timeout: 40 }),
  ).rejects.toThrow(
    [
      'orders: its new pod did not become ready in time (pod orders-h-1 on node-2)',
      '  its last lines:',
      '    Could not read the log: the node does not answer (dial tcp 10.0.0.12:10250: connect: no route to host): see "kubectl --context far get nodes"',
    ].join('\n'),
  );
  expect(runner.lines.filter((line) => line.includes(' logs '))).toHaveLength(1);
});
