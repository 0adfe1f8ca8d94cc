import { expect, it } from 'vitest';
import type { CanaryShare } from '../../../deployment/canary';
import { DEPLOY_LABELS } from '../../../deployment/labels';
import { desiredState } from '../../../testing/desired-state';
import { runningContainer } from '../../../testing/running-container';
import type { Destination } from '../../deploy-options';
import type { Run } from '../run';
import { planCanaries, refusedBeside, sharesAfter } from './plan-canaries';

const NEW = 'b'.repeat(64);
const gateway = desiredState({ service: 'gateway', key: NEW });

const container = (service: string, key: string) =>
  runningContainer({
    service,
    labels: { [DEPLOY_LABELS.key]: key, [DEPLOY_LABELS.entry]: gateway.entryLabel },
    networks: { edge: { aliases: [service], names: [service] } },
  });
const OLD = container('gateway', 'a'.repeat(64));
const CANARY = container('gateway-canary', NEW);

/** A run for the gateway; with a canary, its service has the name of that. */
function runOf(destination: Destination): Run {
  const isCanary = destination.kind === 'canary';
  return {
    tasks: [{ service: { name: isCanary ? 'gateway-canary' : 'gateway' } }],
    canaryOf: new Map(isCanary ? [['gateway-canary', gateway]] : []),
    failures: new Map(),
    mode: { destination },
    environment: { name: 'production' },
  } as unknown as Run;
}

const HALF: CanaryShare = { weight: 50 };
const SHARED = new Map([['gateway', HALF]]);
const START: Destination = { kind: 'canary', weight: 10 };

it.each<[string, Destination, (typeof OLD)[], Map<string, CanaryShare>, object, object]>([
  ['starts', START, [OLD], new Map(), { action: 'start', weight: 10 }, { gateway: { weight: 10 } }],
  [
    'gets another share',
    START,
    [OLD, CANARY],
    SHARED,
    { action: 'start', weight: 10, before: HALF },
    { gateway: { weight: 10 } },
  ],
  [
    'goes on beside a deploy',
    { kind: 'push' },
    [OLD, CANARY],
    SHARED,
    { action: 'run', weight: 50, key: NEW },
    { gateway: HALF },
  ],
  ['ends', { kind: 'abort' }, [OLD, CANARY], SHARED, { action: 'abort', weight: 50 }, {}],
  ['is promoted', { kind: 'promote' }, [OLD, CANARY], SHARED, { action: 'promote' }, {}],
  ['has nothing to try', START, [container('gateway', NEW)], new Map(), { action: 'none' }, {}],
])('a canary %s', (_, destination, containers, shares, plan, after) => {
  const run = runOf(destination);
  const plans = planCanaries(run, { containers, shares });
  expect(plans).toMatchObject([{ service: 'gateway', ...plan }]);
  const recorded = sharesAfter(run, plans, { containers, shares });
  expect(Object.fromEntries(recorded)).toEqual(after);
});

it('keeps its share if its end fails', () => {
  const run = runOf({ kind: 'promote' });
  const facts = { containers: [OLD, CANARY], shares: SHARED };
  const plans = planCanaries(run, facts);
  run.failures.set('gateway', new Error('not healthy'));
  expect(sharesAfter(run, plans, facts)).toEqual(SHARED);
});

it('is forgotten if somebody removed its containers, so that the service can be deployed again', () => {
  const run = runOf({ kind: 'push' });
  const facts = { containers: [OLD], shares: SHARED };
  const plans = planCanaries(run, facts);
  expect(plans).toEqual([]);
  expect(refusedBeside(plans, 'gateway', 'its image changed')).toBeUndefined();
  expect(sharesAfter(run, plans, facts)).toEqual(new Map());
});

it.each<[string, Destination, (typeof OLD)[], string]>([
  ['is compared with nothing', START, [], 'gateway does not run in production yet'],
  ['does not run', { kind: 'abort' }, [OLD], 'no canary of gateway runs in production'],
  ['does not run', { kind: 'promote' }, [OLD], 'no canary of gateway runs in production'],
])('is refused if it %s: %j', (_, destination, containers, message) => {
  const run = runOf(destination);
  expect(planCanaries(run, { containers, shares: new Map() })).toEqual([]);
  const [failure] = run.failures.values();
  expect(failure?.message).toContain(message);
});

it('keeps another new version from being deployed beside it', () => {
  const plans = planCanaries(runOf({ kind: 'push' }), {
    containers: [OLD, CANARY],
    shares: SHARED,
  });
  expect(refusedBeside(plans, 'gateway', 'its image changed')?.message).toBe(
    'gateway was not changed (its image changed), because 50 % of its requests go to a canary (bbbbbbbbbbbb): deploy it with --promote, or remove it with --abort, then run this again',
  );
  expect(refusedBeside(plans, 'orders', 'its image changed')).toBeUndefined();
});
