import { describe, expect, it } from 'vitest';
import { runningContainer } from '../testing/running-container';
import { planDeploy, planSteps, touchedOthers, type ServiceChange } from './plan';
import type { Container } from './container';
import type { DesiredState } from './desired-state';
import { desiredState, sliceIn } from '../testing/desired-state';

const wanted = desiredState({ entryLabel: 'env=1' });
const labels = (key: string, entry: string) => ({
  'org.micro.image-key': key,
  'org.micro.entry': entry,
});
const container = (some: Partial<Container> = {}): Container =>
  runningContainer({ labels: labels('one', 'env=1'), ...some });

describe('planDeploy', () => {
  it.each<[string, Container[], Partial<DesiredState>, object]>([
    ['nothing', [], {}, { kind: 'create', reason: 'it is not running', order: 'start-first' }],
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
      { kind: 'update', reason: 'its image changed' },
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
      { exclusive: 'port 80 of the host' },
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
      { kind: 'restart', reason: '1 of 3 replicas run', replicas: 3, kept: [{ id: 'a' }] },
    ],
    [
      'too many',
      [container(), container({ id: 'b' })],
      {},
      { kind: 'restart', reason: '2 of 1 replicas run', kept: [{ id: 'a' }] },
    ],
    [
      'the new one beside the old',
      [container({ labels: labels('two', 'env=1') }), container({ id: 'b' })],
      {},
      { reason: 'this finishes a deploy that was interrupted', kept: [{ id: 'b' }] },
    ],
    [
      'a container that is in one of its networks only',
      [container()],
      { slice: sliceIn('edge', 'backend') },
      { kind: 'restart', reason: 'acme-orders-1 cannot be found by name in backend', kept: [] },
    ],
  ])('if there is %s', (_, containers, some, expected) => {
    expect(planDeploy(containers, { ...wanted, ...some })).toMatchObject(expected);
  });

  it.each<[string, Partial<Container>]>([
    ['created', { state: 'created' }],
    ['exited', { state: 'exited' }],
    ['hidden', { networks: { edge: { aliases: [], names: ['acme-orders-1'] } } }],
  ])('treats a container that is %s as a leftover', (_, some) => {
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

it('touchedOthers lists containers of other services that came or went', () => {
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

it('touchedOthers ignores containers that did not run and are gone: a host prunes them', () => {
  const ended = container({ id: 'e', name: 'acme-job-1', service: 'job', state: 'exited' });
  expect(touchedOthers([ended], [], new Set(['orders']))).toEqual([]);
  expect(touchedOthers([], [ended], new Set(['orders']))).toEqual(['acme-job-1']);
});

describe('planSteps', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((id) => container({ id }));
  const change = (some: Partial<ServiceChange>): ServiceChange => ({
    kind: 'update',
    reason: '',
    serving: [a!, b!, c!],
    kept: [],
    leftovers: [],
    order: 'start-first',
    replicas: 3,
    ...some,
  });

  it.each<[string, Partial<ServiceChange>, [number, string][]]>([
    [
      'one comes and one goes',
      {},
      [
        [1, 'a'],
        [1, 'b'],
        [1, 'c'],
      ],
    ],
    [
      'the last one makes room for more',
      { replicas: 4 },
      [
        [1, 'a'],
        [1, 'b'],
        [1, 'c'],
        [1, ''],
      ],
    ],
    [
      'fewer are left',
      { replicas: 2 },
      [
        [1, 'a'],
        [1, 'bc'],
      ],
    ],
    [
      'what is wanted already stays',
      { kept: [b!] },
      [
        [1, 'a'],
        [1, 'c'],
      ],
    ],
    ['nothing comes', { replicas: 1, kept: [a!] }, [[0, 'bc']]],
    ['all go first', { order: 'stop-first', replicas: 1 }, [[1, 'abc']]],
  ])('%s', (_, some, expected) => {
    const steps = planSteps(change(some));
    expect(
      steps.map(({ create, retire }) => [create, retire.map(({ id }) => id).join('')]),
    ).toEqual(expected);
  });
});
