import { describe, expect, it, test } from 'vitest';
import type { LiveObject } from './live-object';
import { podTrouble, type Pod } from './pod-trouble';
import { judgeRollout } from './rollout';

const NOW = Date.parse('2026-11-27T12:00:30Z');
const AT = '2026-11-27T12:00:00Z';

function deployment(status: object, { replicas = 2, generation = 3 } = {}): LiveObject {
  const metadata = {
    name: 'orders',
    uid: 'd1',
    generation,
    annotations: { 'deployment.kubernetes.io/revision': '2' },
  };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas }, status };
}

const SETS = ['1', '2'].map((revision) => ({
  ...{ apiVersion: 'apps/v1', kind: 'ReplicaSet' },
  metadata: {
    name: `orders-${revision}`,
    ownerReferences: [{ kind: 'Deployment', name: 'orders', uid: 'd1' }],
    annotations: { 'deployment.kubernetes.io/revision': revision },
    labels: { 'pod-template-hash': `h${revision}` },
  },
}));

function pod(hash: string, status: Pod['status']): Pod {
  const metadata = { name: `orders-${hash}-a`, labels: { 'pod-template-hash': hash } };
  return { apiVersion: 'v1', kind: 'Pod', metadata, status: status ?? {} };
}

const waiting = (reason: string, message = '', more: object = {}): Pod['status'] => ({
  containerStatuses: [
    { name: 'orders', image: 'reg/orders:k-1', state: { waiting: { reason, message } }, ...more },
  ],
});

const onNode = (lastTransitionTime: string): Pod['status'] => ({
  conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime }],
});

const judge = (...objects: LiveObject[]) =>
  judgeRollout('Deployment', 'orders', { objects: [...objects, ...SETS], now: NOW });

const DONE = { observedGeneration: 3, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };

test.each([
  ['of before', 'r1', 'rolling'],
  ['that is new', 'r2', 'failed'],
])('the rollout of a StatefulSet is that of its new pods: one in trouble %s', (_, its, kind) => {
  const set = {
    ...{ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'grafana', uid: 's1' } },
    status: { readyReplicas: 0, currentRevision: 'r1', updateRevision: 'r2' },
  };
  const one = {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: {
      name: 'grafana-0',
      labels: { 'controller-revision-hash': its },
      ownerReferences: [{ kind: 'StatefulSet', name: 'grafana', uid: 's1' }],
    },
    status: waiting('CrashLoopBackOff')!,
  };
  const facts = { objects: [set, one], now: NOW };
  expect(judgeRollout('StatefulSet', 'grafana', facts).kind).toBe(kind);
});

describe('the rollout of a Deployment', () => {
  it.each([
    ['all pods are new and available', DONE, 'done'],
    ['the controller has not seen it', { ...DONE, observedGeneration: 2 }, 'rolling'],
    ['an old pod is there', { ...DONE, replicas: 3 }, 'rolling'],
    ['a new pod is missing', { ...DONE, updatedReplicas: 1 }, 'rolling'],
    ['a pod is not available', { ...DONE, availableReplicas: 1 }, 'rolling'],
  ])('%s', (_, status, kind) => {
    expect(judge(deployment(status)).kind).toBe(kind);
  });

  it('is that of the new pods: an old one in trouble is about to be replaced', () => {
    const status = { ...DONE, availableReplicas: 1 };
    expect(judge(deployment(status), pod('h1', waiting('CrashLoopBackOff'))).kind).toBe('rolling');
    expect(judge(deployment(status), pod('h2', waiting('CrashLoopBackOff')))).toMatchObject({
      kind: 'failed',
      pod: 'orders-h2-a',
      container: 'orders',
      previous: true,
    });
  });

  it('fails if no pod may be made for a while, as with a quota', () => {
    const condition = (lastTransitionTime: string) => ({
      ...{ observedGeneration: 3, replicas: 2, updatedReplicas: 0, availableReplicas: 2 },
      conditions: [
        {
          ...{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate' },
          ...{ message: 'exceeded quota: small', lastTransitionTime },
        },
      ],
    });
    expect(judge(deployment(condition('2026-11-27T12:00:27Z'))).kind).toBe('rolling');
    expect(judge(deployment(condition(AT)))).toEqual({
      kind: 'failed',
      reason: 'no pod may start: exceeded quota: small',
    });
  });

  it.each([
    ['deleted it', []],
    [
      'is deleting it',
      [{ ...deployment(DONE), metadata: { name: 'orders', deletionTimestamp: AT } }],
    ],
  ])('fails at once if somebody %s', (_, objects: LiveObject[]) => {
    expect(judge(...objects)).toEqual({
      kind: 'failed',
      reason: 'somebody deleted the Deployment orders meanwhile',
    });
  });

  it('fails at once if somebody paused it, unless it has ended', () => {
    const paused = (status: object) => ({
      ...deployment(status),
      spec: { replicas: 2, paused: true },
    });
    expect(judge(paused({ ...DONE, updatedReplicas: 0 }))).toEqual({
      kind: 'failed',
      reason: 'somebody paused its rollout: kubectl rollout resume deployment/orders',
    });
    expect(judge(paused(DONE)).kind).toBe('done');
  });

  it('fails at the deadline, with the pod that is not ready', () => {
    const conditions = [
      { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' },
    ];
    const status = { ...DONE, replicas: 3, updatedReplicas: 1, conditions };
    expect(judge(deployment(status), pod('h2', {}))).toEqual({
      kind: 'failed',
      reason: 'its new pod did not become ready in time',
      pod: 'orders-h2-a',
    });
  });
});

describe('the end of a Job', () => {
  const job = (status: object): LiveObject => ({
    ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'orders', uid: 'j1' }, status },
  });
  const condition = (type: string) => ({ conditions: [{ type, status: 'True', message: 'why' }] });
  const judgeJob = (...objects: LiveObject[]) =>
    judgeRollout('Job', 'orders', { objects, now: NOW });

  it('is what its conditions say, with its last pod', () => {
    const pods = ['a', 'b'].map((name, index) => ({
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: {
        name,
        creationTimestamp: `2026-11-27T12:00:0${index}Z`,
        ownerReferences: [{ kind: 'Job', name: 'orders', uid: 'j1' }],
      },
    }));
    expect(judgeJob(job({}))).toMatchObject({ kind: 'rolling', isWithoutPods: true });
    expect(judgeJob(job({}), ...pods)).toEqual({ kind: 'rolling', what: 'its pod runs' });
    expect(judgeJob(job(condition('Complete'))).kind).toBe('done');
    expect(judgeJob(job(condition('Failed')), ...pods)).toEqual({
      ...{ kind: 'failed', reason: 'why', pod: 'b' },
    });
  });
});

test.each<[string, Pod['status'], string | undefined]>([
  [
    'an image that the registry does not have',
    waiting('ErrImagePull', 'failed to resolve reference: not found'),
    'reg/orders:k-1 cannot be pulled: failed to resolve reference: not found',
  ],
  [
    'a registry that did not answer once',
    waiting('ErrImagePull', 'dial tcp 10.0.0.1:5000: i/o timeout'),
    undefined,
  ],
  [
    'a registry that did not answer again',
    waiting('ImagePullBackOff', 'Back-off pulling image'),
    'reg/orders:k-1 cannot be pulled: Back-off pulling image',
  ],
  [
    'a Secret that is not there',
    waiting('CreateContainerConfigError', 'secret "orders-1" not found'),
    'its container cannot start: secret "orders-1" not found',
  ],
  [
    'a program that ends',
    waiting('CrashLoopBackOff', 'back-off 10s', {
      lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
    }),
    'it ends again and again (exit code 137, OOMKilled)',
  ],
  [
    'a container that comes before the others',
    {
      ...waiting('PodInitializing'),
      initContainerStatuses: waiting('ErrImagePull', 'not found')!.containerStatuses!,
    },
    'reg/orders:k-1 cannot be pulled: not found',
  ],
  ['a container that is being made', waiting('ContainerCreating'), undefined],
  [
    'no node for it',
    {
      conditions: [
        {
          ...{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' },
          ...{ message: '0/2 nodes are available', lastTransitionTime: AT },
        },
      ],
    },
    'no node can take it: 0/2 nodes are available',
  ],
  [
    'no node for it yet',
    {
      conditions: [
        {
          ...{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' },
          ...{ message: '', lastTransitionTime: '2026-11-27T12:00:20Z' },
        },
      ],
    },
    undefined,
  ],
  [
    'a node that has not started it',
    onNode(AT),
    'its node n-2 does not start it: see "kubectl get nodes"',
  ],
  ['a node that has not started it yet', onNode('2026-11-27T12:00:10Z'), undefined],
  ['a node that has it', { ...onNode(AT), startTime: AT }, undefined],
])('%s', (_, status, reason) => {
  expect(podTrouble({ ...pod('h', status), spec: { nodeName: 'n-2' } }, NOW)?.reason).toBe(reason);
});
