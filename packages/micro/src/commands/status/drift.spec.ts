import { describe, expect, it } from 'vitest';
import type { DesiredState } from '../../deployment/desired-state';
import { planDeploy } from '../../deployment/plan';
import { desiredState } from '../../testing/desired-state';
import { runningContainer as container } from '../../testing/running-container';
import { changedVariables, driftOf } from './drift';
import { entryLabel } from '../../deployment/fingerprint';

const ENTRY = { environment: { PORT: '3001', LOG_LEVEL: 'debug' } };
const wanted = desiredState({ entryLabel: entryLabel(ENTRY) });
const labels = (key: string, entry = wanted.entryLabel) => ({
  'org.micro.image-key': key,
  'org.micro.entry': entry,
});
const fine = { labels: labels('one') };
const otherEntry = entryLabel({ environment: { PORT: '3001', LOG_LEVEL: 'info' }, user: 'node' });

describe('driftOf', () => {
  it.each<[string, Parameters<typeof container>[0][], Partial<DesiredState>, string[]]>([
    ['what is as it should be', [fine], {}, []],
    ['nothing', [], {}, ['not deployed']],
    ['what ended', [{ ...fine, state: 'exited' }], {}, ['not deployed']],
    [
      'another image',
      [{ labels: labels('two-and-more-letters') }],
      {},
      ['image changed: two-and-more -> one'],
    ],
    [
      'what a person started',
      [{ labels: {} }],
      {},
      ['image changed: unknown -> one', 'not started by a deploy'],
    ],
    [
      'another entry',
      [{ labels: labels('one', otherEntry), environment: { PORT: '3001', LOG_LEVEL: 'info' } }],
      {},
      ['entry changed: environment.LOG_LEVEL, user'],
    ],
    [
      'another image, another entry and too few, all at once',
      [{ labels: labels('two', otherEntry), environment: { PORT: '3001', LOG_LEVEL: 'info' } }],
      { replicas: 3 },
      [
        'image changed: two -> one',
        'entry changed: environment.LOG_LEVEL, user',
        '1 of 3 replicas',
      ],
    ],
    ['too many', [fine, { ...fine, id: 'b' }], {}, ['2 of 1 replicas']],
    ['a sick one', [{ ...fine, health: 'unhealthy' }], {}, ['acme-orders-1 is unhealthy']],
    ['one in a loop', [{ ...fine, state: 'restarting' }], {}, ['acme-orders-1 is restarting']],
  ])('reports %s', (_, some, more, causes) => {
    const containers = some.map(container);
    const target = { ...wanted, ...more };
    const plan = planDeploy(containers, target);
    const serving = containers.filter((one) => plan.serving.includes(one));
    const facts = { entry: ENTRY, imageVariables: new Map(), serving };
    expect(driftOf(plan, target, facts)).toEqual(causes);
  });

  it('gives the reason of the plan if it knows no more', () => {
    const serving = [container(fine)];
    const plan = {
      kind: 'restart' as const,
      reason: 'a reason of tomorrow',
      serving,
      leftovers: [],
      kept: [],
      order: 'start-first' as const,
      replicas: 1,
    };
    const facts = { entry: ENTRY, imageVariables: new Map(), serving };
    expect(driftOf(plan, wanted, facts)).toEqual(['a reason of tomorrow']);
  });

  it('reads a dollar as Compose writes it', () => {
    const entry = { environment: { PRICE: '5$$', NEW: 'x' } };
    const target = { ...wanted, entryLabel: entryLabel(entry) };
    const serving = [
      container({ labels: labels('one', 'environment=1'), environment: { PRICE: '5$' } }),
    ];
    const facts = { entry, imageVariables: new Map(), serving };
    expect(driftOf(planDeploy(serving, target), target, facts)).toEqual([
      'entry changed: environment.NEW',
    ]);
  });
});

describe('changedVariables', () => {
  const image = { PATH: '/bin' };
  it.each<
    [string, Record<string, string | null>, Record<string, string>, object | undefined, string[]]
  >([
    ['changed', { A: '1' }, { A: '2', PATH: '/bin' }, image, ['environment.A']],
    ['added', { A: '1', B: '2' }, { A: '1' }, image, ['environment.B']],
    ['removed', {}, { A: '1', PATH: '/bin' }, image, ['environment.A']],
    ['nothing that can be told', { A: '1' }, { A: '1', B: '2' }, undefined, ['environment']],
    ['one that is passed on', { A: null }, { A: '2' }, image, ['environment']],
  ])('lists what was %s', (_, now, running, ofImage, names) => {
    expect(changedVariables(now, running, ofImage as Record<string, string> | undefined)).toEqual(
      names,
    );
  });
});
