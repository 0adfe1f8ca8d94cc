import { describe, expect, it } from 'vitest';
import type { DesiredService } from './desired-service';
import type { LiveObject } from './live-object';
import type { KubernetesObject } from './object';
import { hashOf, liveObjects, planObject } from './object-plan';
import { withCurrent, type ClusterRelease } from './release-book';
import { planService, type ClusterFacts } from './service-plan';

const LABELS = { 'app.kubernetes.io/name': 'orders' };
const READY = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };

function deployment(image: string, env: object[] = [{ name: 'A', value: '1' }]): KubernetesObject {
  return {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'orders', labels: LABELS } },
    spec: {
      ...{ replicas: 1, selector: {} },
      template: { spec: { containers: [{ name: 'orders', image, env }] } },
    },
  } as KubernetesObject;
}

const SERVICE: KubernetesObject = {
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'orders', labels: LABELS } },
  spec: { ports: [{ name: 'http', port: 3001 }] },
};

function desired(objects: readonly KubernetesObject[], secretName?: string): DesiredService {
  return {
    ...{ service: 'orders', key: 'k', image: 'i', recorded: objects, hash: hashOf(objects) },
    entry: {
      ...{ name: 'orders', kind: 'service', objects, secretName },
      secret: { variables: [], files: [] },
    },
    ...{ datastores: [], jobs: [] },
  };
}

function applied(object: KubernetesObject): LiveObject {
  const live = structuredClone(planObject(object, new Map()).object) as LiveObject;
  return { ...live, metadata: { ...live.metadata, generation: 1 }, status: READY };
}

/** The cluster after these objects were deployed. */
function deployed(objects: readonly KubernetesObject[], more: LiveObject[] = []): ClusterFacts {
  const release: ClusterRelease = {
    ...{ number: 1, key: 'k', image: 'i', since: '', hash: hashOf(objects), objects, jobs: [] },
    secret: { variables: [], files: [] },
  };
  return {
    live: liveObjects([...objects.map(applied), ...more]),
    books: new Map([['orders', withCurrent(undefined, release, 10)]]),
    secrets: new Set(['orders-1']),
  };
}

const A = [deployment('reg/orders@sha256:a'), SERVICE];

describe('the plan of a service', () => {
  it('creates what is not there', () => {
    const facts = { live: new Map(), books: new Map(), secrets: new Set<string>() };
    expect(planService(desired(A), facts)).toMatchObject({
      ...{ action: 'create', reason: 'it is not running' },
      objects: [{ kind: 'create' }, { kind: 'create' }],
    });
  });

  it('keeps what is as it was declared', () => {
    expect(planService(desired(A), deployed(A))).toMatchObject({ action: 'keep', obsolete: [] });
  });

  it('leaves what a person made with our labels, as kubectl expose does', () => {
    const exposed = { ...applied(SERVICE), metadata: { name: 'load', labels: LABELS } };
    const plan = planService(desired(A), deployed(A, [exposed]));
    expect(plan).toMatchObject({ action: 'keep', obsolete: [] });
  });

  it.each<[string, KubernetesObject[], string, string]>([
    ['another image', [deployment('b'), SERVICE], 'update', 'another image'],
    [
      'another variable',
      [deployment('reg/orders@sha256:a', [{ name: 'A', value: '2' }]), SERVICE],
      'restart',
      'variables A',
    ],
    [
      'a variable less',
      [deployment('reg/orders@sha256:a', []), SERVICE],
      'restart',
      'something is not declared any more',
    ],
    [
      'another port of the Service',
      [A[0]!, { ...SERVICE, spec: { ports: [{ name: 'http', port: 3002 }] } }],
      'change',
      'Service: spec.ports[http].port',
    ],
  ])('%s', (_, objects, action, reason) => {
    expect(planService(desired(objects), deployed(A))).toMatchObject({ action, reason });
  });

  it('takes back what a person changed', () => {
    const facts = deployed(A);
    const live = structuredClone(facts.live.get('Deployment/orders')!) as LiveObject & {
      spec: { replicas: number };
    };
    live.spec.replicas = 5;
    const changed = { ...facts, live: new Map([...facts.live, ['Deployment/orders', live]]) };
    expect(planService(desired(A), changed)).toMatchObject({
      action: 'change',
      reason: 'Deployment: changed in the cluster: spec.replicas',
    });
  });

  it('makes a Secret again that somebody deleted, and replaces no pod', () => {
    const plan = planService(desired(A, 'orders-2'), deployed(A));
    expect(plan).toMatchObject({
      action: 'change',
      secret: true,
      reason: 'its Secret is not there',
    });
  });

  it('goes on with a rollout that nobody recorded', () => {
    const facts = { ...deployed(A), books: new Map() };
    expect(planService(desired(A), facts).action).toBe('watch');
  });

  it('waits for pods that are not ready, though nothing changed', () => {
    const facts = deployed(A);
    const live = { ...facts.live.get('Deployment/orders')!, status: { observedGeneration: 1 } };
    const ill = { ...facts, live: new Map([...facts.live, ['Deployment/orders', live]]) };
    expect(planService(desired(A), ill).action).toBe('watch');
  });

  it('deletes an autoscaler that is not declared any more', () => {
    const autoscaler = {
      ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' },
      metadata: { name: 'orders', labels: LABELS },
    };
    expect(planService(desired(A), deployed(A, [autoscaler]))).toMatchObject({
      ...{ action: 'change', reason: 'HorizontalPodAutoscaler is not declared any more' },
      obsolete: [autoscaler],
    });
  });
});
