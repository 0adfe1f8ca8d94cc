import { describe, expect, it } from 'vitest';
import type { Container } from '../../effects/containers';
import { planDeploy, touchedOthers, type Wanted } from './plan';

const wanted: Wanted = { key: 'one', entryLabel: 'env=1', replicas: 1, exclusive: false };
const container = (some: Partial<Container> = {}): Container => ({
  id: 'a',
  name: 'acme-orders-1',
  service: 'orders',
  state: 'running',
  health: 'healthy',
  healthOutput: '',
  restarts: 0,
  labels: { 'org.micro.image-key': 'one', 'org.micro.entry': 'env=1' },
  networks: { edge: { aliases: ['orders'], names: ['acme-orders-1', 'orders'] } },
  ...some,
});
const labels = (key: string, entry: string) => ({
  'org.micro.image-key': key,
  'org.micro.entry': entry,
});

describe('planDeploy', () => {
  it.each<[string, Container[], Partial<Wanted>, object]>([
    ['nothing', [], {}, { kind: 'create', reason: 'it does not run', order: 'start-first' }],
    ['what is wanted', [container()], {}, { kind: 'keep' }],
    [
      'something a person started',
      [container({ labels: {} })],
      {},
      { kind: 'update', reason: 'it was not started by a deploy', order: 'start-first' },
    ],
    [
      'another image',
      [container({ labels: labels('two', 'env=1') })],
      {},
      { kind: 'update', reason: 'its image changed, two -> one' },
    ],
    [
      'another entry',
      [container({ labels: labels('one', 'env=2 ports=3') })],
      {},
      { kind: 'restart', reason: 'its entry changed: env, ports' },
    ],
    [
      'another image at an exclusive port',
      [container({ labels: labels('two', 'env=1') })],
      { exclusive: true },
      { kind: 'update', order: 'stop-first' },
    ],
    [
      'a sick container',
      [container({ health: 'unhealthy' })],
      {},
      { kind: 'restart', reason: 'acme-orders-1 is unhealthy' },
    ],
    [
      'too few',
      [container()],
      { replicas: 3 },
      { kind: 'restart', reason: '1 of 3 replicas run', replicas: 3 },
    ],
  ])('where there is %s', (_, containers, some, expected) => {
    expect(planDeploy(containers, { ...wanted, ...some })).toMatchObject(expected);
  });

  it.each<[string, Partial<Container>]>([
    ['created', { state: 'created' }],
    ['exited', { state: 'exited' }],
    ['hidden', { networks: { edge: { aliases: [], names: ['acme-orders-1'] } } }],
  ])('takes a container that is %s for a leftover', (_, some) => {
    const left = container({ id: 'b', ...some });
    expect(planDeploy([container(), left], wanted)).toMatchObject({
      kind: 'keep',
      leftovers: [{ id: 'b' }],
    });
  });

  it('does not take a container on the network of the host for hidden', () => {
    const networks = { host: { aliases: [], names: [] } };
    expect(planDeploy([container({ networks })], wanted)).toMatchObject({ kind: 'keep' });
  });
});

it('touchedOthers names what came and went beside the service itself', () => {
  const users = container({ id: 'u', name: 'acme-users-1', service: 'users' });
  const database = container({ id: 'd', name: 'acme-db-1', service: 'db' });
  const own = new Set(['orders']);
  expect(touchedOthers([container(), users], [container({ id: 'z' }), users], own)).toEqual([]);
  expect(touchedOthers([users], [{ ...users, id: 'v' }, database], own)).toEqual([
    'acme-users-1',
    'acme-users-1',
    'acme-db-1',
  ]);
});
