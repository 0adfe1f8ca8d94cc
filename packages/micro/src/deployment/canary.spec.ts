import { expect, it } from 'vitest';
import { desiredState } from '../testing/desired-state';
import { runningContainer } from '../testing/running-container';
import { canaryState } from './canary';
import { canaryIn, describeCanary, plannedEnd } from './canary-plan';
import { asServed } from './edge-plan';
import { DEPLOY_LABELS } from './labels';

const slice = {
  services: {
    gateway: {
      image: 'acme/gateway',
      labels: { 'org.micro.port': '3000' },
      networks: { edge: { aliases: ['shop'] }, internal: { priority: 5, aliases: ['shop'] } },
    },
  },
};

it('runs under another name alone, and is recorded as its service', () => {
  const desired = desiredState({ service: 'gateway', slice, noted: slice, replicas: 5 });
  const canary = canaryState(desired, { weight: 30 });
  expect(canary).toMatchObject({ service: 'gateway-canary', replicas: 2, noted: slice });
  expect(canary.entryLabel).toBe(desired.entryLabel);
  expect(canary.slice.services).toEqual({
    'gateway-canary': {
      image: 'acme/gateway',
      labels: { 'org.micro.port': '3000', [DEPLOY_LABELS.canary]: 'gateway' },
      networks: { edge: null, internal: { priority: 5 } },
    },
  });
});

const container = (service: string, more = {}) =>
  runningContainer({
    service,
    networks: { edge: { aliases: [service], names: [service] } },
    labels: { [DEPLOY_LABELS.key]: 'ab'.repeat(32), [DEPLOY_LABELS.port]: '3000' },
    ...more,
  });
const publication = {
  service: 'gateway',
  port: 3000,
  publish: { kind: 'port' as const, address: '0.0.0.0', port: 80 },
};
const share = { weight: 10 };

it.each([
  ['no share was noted', [container('gateway-canary')], new Map()],
  ['it has no container', [container('gateway')], new Map([['gateway', share]])],
  [
    'its container has stopped',
    [container('gateway-canary', { state: 'exited' })],
    new Map([['gateway', share]]),
  ],
  ['another service has one', [container('shop-canary')], new Map([['shop', share]])],
])('gets no requests if %s', (_, containers, shares) => {
  expect(asServed([publication], { containers, shares })).toEqual([publication]);
});

it('gets requests with a share and a container', () => {
  const serving = {
    containers: [container('gateway'), container('gateway-canary')],
    shares: new Map([['gateway', share]]),
  };
  expect(asServed([publication], serving)).toEqual([
    { ...publication, canary: { service: 'gateway-canary', ports: [3000], share } },
  ]);
});

it('is there if a killed deploy left its container', () => {
  const left = [container('gateway-canary', { state: 'created' })];
  expect(canaryIn('gateway', left, new Map())).toEqual({ containers: left, share: undefined });
  const shares = new Map([['gateway', share]]);
  expect(canaryIn('gateway', [container('gateway')], shares)).toBeUndefined();
});

it.each([
  [{ weight: 10 }, '10 % of its requests go to a canary (abababababab)'],
  [
    { weight: 10, header: { name: 'X-Version', value: 'next' } },
    '10 % of its requests and those with "X-Version: next" go to a canary (abababababab)',
  ],
  [
    { weight: 0, header: { name: 'X-Version', value: 'next' } },
    'requests with "X-Version: next" go to a canary (abababababab)',
  ],
])('with %j: %s', (own, words) => {
  const running = { containers: [container('gateway-canary')], share: own };
  expect(describeCanary(plannedEnd('gateway', running, 'run'))).toBe(words);
});
