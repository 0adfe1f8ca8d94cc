import { expect, it } from 'vitest';
import type { LiveObject } from './live-object';
import {
  deploymentsToPause,
  rememberArguments,
  saysOtherReplicas,
  startArguments,
  stopArguments,
} from './pause';

const deployment = (
  name: string,
  replicas: number,
  { annotations = {}, labels = {} } = {},
): LiveObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, labels: { 'app.kubernetes.io/name': name, ...labels }, annotations },
  spec: { replicas, template: { spec: { terminationGracePeriodSeconds: 12 } } },
});

const NOTE = 'org.micro/replicas-before-restore';

it('stops the service and its canary, and no other', () => {
  const objects = [
    deployment('orders', 3),
    deployment('orders-canary', 1, { labels: { 'org.micro/canary': 'orders' } }),
    deployment('users', 2),
    { ...deployment('orders', 1), kind: 'Service' },
  ];
  expect(deploymentsToPause(objects, ['orders'])).toEqual([
    { name: 'orders', service: 'orders', replicas: 3, grace: 12 },
    { name: 'orders-canary', service: 'orders', replicas: 1, grace: 12 },
  ]);
});

it.each([
  ['a run that was killed before it started it again', 0, { [NOTE]: '3' }, [3]],
  ['a note that was left', 2, { [NOTE]: '3' }, [2]],
  ['a person who stopped it', 0, {}, []],
  ['a note that is no number', 0, { [NOTE]: 'many' }, []],
])('after %s', (_, replicas, annotations, expected) => {
  const found = deploymentsToPause([deployment('orders', replicas, { annotations })], ['orders']);
  expect(found.map((one) => one.replicas)).toEqual(expected);
});

it('notes the number of pods before it stops them, and starts no more than nobody else did', () => {
  const one = { name: 'orders', service: 'orders', replicas: 3, grace: 12 };
  expect(rememberArguments(one).join(' ')).toBe(
    `annotate deployment.apps/orders ${NOTE}=3 --overwrite`,
  );
  expect(stopArguments(one).join(' ')).toBe('scale deployment.apps/orders --replicas=0');
  expect(startArguments(one).join(' ')).toBe(
    'scale deployment.apps/orders --replicas=3 --current-replicas=0',
  );
  expect(saysOtherReplicas('error: Expected replicas to be 0, was 2')).toBe(true);
});
