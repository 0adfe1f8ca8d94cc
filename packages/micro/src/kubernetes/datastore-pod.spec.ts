import { describe, expect, it } from 'vitest';
import { containerId, containerOfPod, hasHiddenVariables, whyEnded } from './datastore-pod';
import type { Pod } from './pod-trouble';

const RUNNING = { name: 'orders-database', containerID: 'containerd://a', state: { running: {} } };

const pod = ({ status = {}, spec = {}, metadata = {} } = {}): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...{ name: 'orders-database-0', uid: 'u1' },
      labels: { 'app.kubernetes.io/name': 'orders-database' },
      ...metadata,
    },
    spec: {
      containers: [
        { name: 'proxy', image: 'proxy:1', env: [{ name: 'POSTGRES_DB', value: 'wrong' }] },
        {
          ...{ name: 'orders-database', image: 'postgres:17' },
          env: [
            { name: 'POSTGRES_DB', value: 'or$$ders' },
            { name: 'POSTGRES_PASSWORD', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
          ],
          volumeMounts: [
            { name: 'data', mountPath: '/data' },
            { name: 'temporary-0', mountPath: '/tmp' },
          ],
        },
      ],
      volumes: [
        { name: 'data', persistentVolumeClaim: { claimName: 'data-orders-database-0' } },
        { name: 'temporary-0', emptyDir: {} },
      ],
      ...spec,
    },
    status: {
      phase: 'Running',
      containerStatuses: [{ name: 'proxy', containerID: 'x', state: {} }, RUNNING],
      ...status,
    },
  }) as unknown as Pod;

it('is read as the container of its entry', () => {
  expect(containerOfPod(pod())).toEqual({
    ...{ id: 'u1', name: 'orders-database-0', service: 'orders-database', state: 'running' },
    image: 'postgres:17',
    environment: { POSTGRES_DB: 'or$ders' },
    mounts: [
      { path: '/data', isKept: true },
      { path: '/tmp', isKept: false },
    ],
  });
  expect(hasHiddenVariables(pod())).toBe(true);
  expect(containerId(pod(), 'orders-database')).toBe('containerd://a');
});

it.each([
  ['running', {}],
  ['created', { status: { phase: 'Pending', containerStatuses: [] } }],
  ['created', { status: { containerStatuses: [{ ...RUNNING, state: { waiting: {} } }] } }],
  ['exited', { status: { phase: 'Succeeded' } }],
  ['removing', { metadata: { deletionTimestamp: '2026-11-29T12:00:00Z' } }],
])('is %s with %j', (state, some) => {
  expect(containerOfPod(pod(some)).state).toBe(state);
});

describe('a program in it', () => {
  const was = {
    ...{ pod: 'orders-database-0', container: 'orders-database', uid: 'u1' },
    id: 'containerd://a',
  };
  const NOW = Date.parse('2026-11-29T12:00:00Z');
  const status = (some: object) => ({ status: { containerStatuses: [{ ...RUNNING, ...some }] } });

  it.each<[string, Pod | undefined]>([
    ['as it was', pod()],
    ['about to end', pod({ metadata: { deletionTimestamp: '2026-11-29T12:00:10Z' } })],
  ])('may go on in a pod that is %s', (_, now) => {
    expect(whyEnded(now, was, NOW)).toBeUndefined();
  });

  it.each<[string, Pod | undefined]>([
    ['the pod orders-database-0 is gone', undefined],
    ['the pod orders-database-0 was replaced meanwhile', pod({ metadata: { uid: 'u2' } })],
    [
      'the container of orders-database-0 ended (OOMKilled, exit code 137)',
      pod(status({ state: { terminated: { reason: 'OOMKilled', exitCode: 137 } } })),
    ],
    [
      'the container of orders-database-0 was restarted meanwhile (exit code 2)',
      pod(
        status({
          containerID: 'containerd://b',
          lastState: { terminated: { reason: 'Error', exitCode: 2 } },
        }),
      ),
    ],
    [
      'the pod orders-database-0 should have ended: its node may be gone',
      pod({ metadata: { deletionTimestamp: '2026-11-29T11:59:00Z' } }),
    ],
  ])('has ended: %s', (why, now) => {
    expect(whyEnded(now, was, NOW)).toBe(why);
  });
});
