import { describe, expect, it } from 'vitest';
import { leftObjects } from './cluster-plan';
import { identityOf, type LiveObject } from './live-object';
import { planObject } from './object-plan';

const object = (kind: string, name: string, entry: string): LiveObject => ({
  ...{ apiVersion: 'v1', kind },
  metadata: { name, labels: { 'app.kubernetes.io/name': entry } },
});
/** As a deploy applies it. */
const applied = (one: LiveObject) =>
  planObject(one as Parameters<typeof planObject>[0], new Map()).object as LiveObject;

const left = (...objects: LiveObject[]) =>
  [...leftObjects(objects, new Set(['orders']))].map(
    ([name, all]) => [name, all.map(identityOf)] as const,
  );

describe('what left the workspace', () => {
  it('is every object of an entry that the workspace does not have', () => {
    const gone = [object('Deployment', 'users', 'users'), object('Service', 'users', 'users')];
    const policy = applied(object('NetworkPolicy', 'users-callers', 'users'));
    const kept = object('Deployment', 'orders', 'orders');
    expect(left(kept, ...gone, policy)).toEqual([
      ['users', ['Deployment/users', 'Service/users', 'NetworkPolicy/users-callers']],
    ]);
  });

  it('is in the order of names', () => {
    const [users, billing] = ['users', 'billing'].map((name) => object('Deployment', name, name));
    expect(left(users!, billing!).map(([name]) => name)).toEqual(['billing', 'users']);
  });

  it('is nothing without a workload', () => {
    expect(left(object('Service', 'users', 'users'))).toEqual([]);
  });

  it('is with a Prometheus the right that it had, which is listed only while it is declared', () => {
    const spec = { template: { spec: { automountServiceAccountToken: true } } };
    const prometheus = { ...object('StatefulSet', 'prometheus', 'prometheus'), spec };
    const roles = ['RoleBinding/prometheus', 'Role/prometheus'];
    expect(left(prometheus)).toEqual([['prometheus', ['StatefulSet/prometheus', ...roles]]]);
    const listed = [
      prometheus,
      ...['RoleBinding', 'Role'].map((kind) => object(kind, 'prometheus', 'prometheus')),
    ];
    expect(left(...listed)).toEqual([['prometheus', ['StatefulSet/prometheus', ...roles]]]);
  });

  it('is not what a person made with our labels', () => {
    const copy = object('Deployment', 'users-debug', 'users');
    expect(left(copy)).toEqual([]);
    expect(left(copy, object('StatefulSet', 'users', 'users'))).toEqual([
      ['users', ['StatefulSet/users']],
    ]);
  });
});
