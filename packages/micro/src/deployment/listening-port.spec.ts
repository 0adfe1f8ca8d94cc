import { describe, expect, it } from 'vitest';
import { desiredState } from '../testing/desired-state';
import { runningContainer } from '../testing/running-container';
import { asServed, portHolders } from './edge-plan';
import { portOfState, servedPorts } from './listening-port';

const at = (port: number | undefined, more = {}) =>
  runningContainer({
    service: 'shop',
    labels: port === undefined ? {} : { 'org.micro.port': String(port) },
    ...more,
  });
const publication = {
  service: 'shop',
  port: 3100,
  publish: { kind: 'port' as const, address: '127.0.0.1', port: 8080 },
};

it.each([
  ['none', [], []],
  ['one', [at(3000)], [3000]],
  ['two that are being replaced', [at(3100), at(3000)], [3000, 3100]],
  ['one that does not run', [at(3000, { state: 'exited' })], []],
  ['one of another service', [at(3000, { service: 'users' })], []],
  ['one of an earlier version', [at(undefined)], []],
])('servedPorts of %s', (_, containers, expected) => {
  expect(servedPorts(containers, 'shop')).toEqual(expected);
});

it.each([
  ['its label', { labels: { 'org.micro.port': '3000' }, environment: { PORT: '1' } }, 3000],
  ['its variable, of an earlier version', { environment: { PORT: '3000' } }, 3000],
  ['a variable that is no port', { environment: { PORT: '${PORT}' } }, undefined],
  ['nothing', {}, undefined],
])('portOfState by %s', (_, entry, expected) => {
  const state = desiredState({ slice: { services: { orders: entry } } });
  expect(portOfState(state)).toBe(expected);
});

describe('what the edge publishes', () => {
  it.each([
    ['the port of the manifest', [at(3100)], publication],
    ['that, if nothing runs', [], publication],
    ['that, if what runs does not say', [at(undefined)], publication],
    ['what runs, if the manifest has moved on', [at(3000)], { ...publication, ports: [3000] }],
  ])('is %s', (_, containers, expected) => {
    expect(asServed([publication], { containers, shares: new Map() })).toEqual([expected]);
  });

  it('is both ports of a service that is being replaced', () => {
    const moving = new Map([['shop', [3000, 3100]]]);
    const serving = { containers: [at(3000)], shares: new Map(), moving };
    expect(asServed([publication], serving)).toEqual([{ ...publication, ports: [3000, 3100] }]);
  });

  it('is held by a container at the port that it listens on', () => {
    const held = at(3000, { ports: [{ address: '127.0.0.1', port: 8080, target: 3000 }] });
    expect(portHolders([held], [publication])).toEqual(['shop']);
  });
});
