import { describe, expect, it } from 'vitest';
import { desiredState } from '../testing/desired-state';
import { runningContainer } from '../testing/running-container';
import type { DesiredState } from './desired-state';
import { entryLabel } from './fingerprint';
import { calledPort, portNotes, withPortsOfToday, type Caller } from './linked-ports';
import { portOfState } from './listening-port';
import type { DeployPlan } from './plan';

const container = (
  service: string,
  port: number,
  environment: Record<string, string> = {},
): Caller =>
  runningContainer({
    ...{ id: `${service}-id`, name: `acme-${service}-1`, service, environment },
    labels: { 'org.micro.port': String(port) },
  });

const state = (
  service: string,
  port: number,
  environment: Record<string, string> = {},
): DesiredState => {
  const entry = { environment: { PORT: String(port), ...environment } };
  const label = entryLabel(entry);
  const labels = { 'org.micro.entry': label, 'org.micro.port': String(port) };
  const slice = { services: { [service]: { ...entry, labels } } };
  return desiredState({ service, entryLabel: label, slice, noted: slice });
};

const variablesOf = ({ slice, service }: DesiredState) => slice.services[service]!['environment'];
const labelsOf = ({ slice, service }: DesiredState) => slice.services[service]!['labels'];
const LINK = 'MICROSERVICE_USERS_URL';

describe('calledPort', () => {
  const users = container('users', 3200);
  it.each<[string, Caller[], number | undefined]>([
    ['the port of a link', [users, container('orders', 1, { [LINK]: 'http://users:3200' })], 3200],
    ['also if the service is down', [container('a', 1, { [LINK]: 'http://users:3200/' })], 3200],
    [
      'the served port in any URL',
      [users, container('proxy', 1, { UPSTREAM: 'http://users:3200/api' })],
      3200,
    ],
    [
      'no other port of it, such as that of metrics',
      [users, container('orders', 1, { METRICS: 'http://users:9464' })],
      undefined,
    ],
    [
      'none if it is called at the recorded port',
      [users, container('orders', 1, { [LINK]: 'http://users:3101' })],
      undefined,
    ],
    ['none of its own', [container('users', 3200, { SELF: 'http://users:3200' })], undefined],
    ['none of others', [users, container('mail', 1, { DB: 'postgres://db:5432/x' })], undefined],
    ['none if nobody calls it', [users, container('mail', 1, { TEXT: 'users:3200' })], undefined],
  ])('%s', (_, containers, port) => {
    expect(calledPort(containers, 'users', 3101)).toBe(port);
  });

  it('does not count a container that does not run', () => {
    const orders = container('orders', 1, { [LINK]: 'http://users:3200' });
    expect(calledPort([{ ...orders, state: 'exited' }], 'users', 3101)).toBeUndefined();
  });
});

describe('withPortsOfToday', () => {
  const nowhere = () => undefined;

  it('listens where it is called, and says so in its labels', () => {
    const today = withPortsOfToday(state('users', 3101), 3200, nowhere);
    expect(variablesOf(today)).toEqual({ PORT: '3200' });
    expect(portOfState(today)).toBe(3200);
    expect(labelsOf(today)).toEqual({
      'org.micro.port': '3200',
      'org.micro.entry': today.entryLabel,
    });
    expect(today.entryLabel).toBe(state('users', 3200).entryLabel);
    // What is recorded stays as it was.
    expect(today.noted).toEqual(state('users', 3101).noted);
  });

  it('calls its providers where they listen, by links alone', () => {
    const orders = state('orders', 3102, {
      [LINK]: 'http://users:3101/base?a=3101',
      MICROSERVICE_MAIL_URL: 'https://mail.example.com:3101',
      MICROSERVICE_STOCK_URL: 'http://stock:3103',
      METRICS: 'http://users:9464',
    });
    const ports: Record<string, number> = { users: 3200, stock: 3103 };
    const today = withPortsOfToday(orders, undefined, (name) => ports[name]);
    expect(variablesOf(today)).toEqual({
      PORT: '3102',
      [LINK]: 'http://users:3200/base?a=3101',
      MICROSERVICE_MAIL_URL: 'https://mail.example.com:3101',
      MICROSERVICE_STOCK_URL: 'http://stock:3103',
      METRICS: 'http://users:9464',
    });
    expect(portOfState(today)).toBe(3102);
    expect(today.entryLabel).not.toBe(orders.entryLabel);
  });

  it('keeps the part of its label that is for secrets', () => {
    const users = state('users', 3101);
    const given = { ...users, entryLabel: `${users.entryLabel} secret-values=1a2b3c4d` };
    expect(withPortsOfToday(given, 3200, nowhere).entryLabel).toMatch(/ secret-values=1a2b3c4d$/);
  });

  it.each([
    ['its port is right', state('users', 3101), 3101],
    ['nobody calls it', state('users', 3101), undefined],
    ['its entry does not set PORT', state('users', 3101, { PORT: '8080' }), 3200],
  ])('changes nothing if %s', (_, users, own) => {
    expect(withPortsOfToday(users, own, nowhere)).toBe(users);
  });
});

describe('portNotes', () => {
  const update: DeployPlan = {
    kind: 'update',
    reason: 'its image changed',
    ...{ serving: [], kept: [], leftovers: [], order: 'start-first', replicas: 1 },
  };
  const keep: DeployPlan = { kind: 'keep', serving: [], leftovers: [] };
  const planned = (desired: DesiredState, plan: DeployPlan = update) => ({
    service: desired.service,
    desired,
    plan,
  });
  const users = container('users', 3101);
  const orders = container('orders', 3102, { [LINK]: 'http://users:3101' });

  it('a port that changes, with a consumer that is replaced as well', () => {
    const services = [
      planned(state('users', 3200)),
      planned(state('orders', 3102, { [LINK]: 'http://users:3200' })),
    ];
    expect([...portNotes(services, [users, orders], 'production')]).toEqual([
      [
        'users',
        [
          'it will listen on port 3200: calls from orders to port 3101 fail until orders is replaced, later in this deploy',
        ],
      ],
    ]);
  });

  it.each([
    ['is not part of the run', []],
    ['is kept', [planned(state('orders', 3102, { [LINK]: 'http://users:3101' }), keep)]],
  ])('a port that changes, with a consumer that %s', (_, others) => {
    const services = [planned(state('users', 3200)), ...others];
    expect(portNotes(services, [users, orders], 'production').get('users')).toEqual([
      'it will listen on port 3200, but orders calls it at port 3101: these calls fail until "nx compose-deploy orders -c production" gives orders the new port',
    ]);
  });

  it('a consumer that is deployed before its provider moves', () => {
    const services = [planned(state('orders', 3102, { [LINK]: 'http://users:3200' }))];
    expect([...portNotes(services, [users, orders], 'production')]).toEqual([
      [
        'orders',
        [
          `it calls users at port 3200 (${LINK}), but users listens on port 3101: these calls fail until "nx compose-deploy users -c production"`,
        ],
      ],
    ]);
  });

  it.each([
    ['no port changes', [planned(state('users', 3101))], [users, orders]],
    ['nobody calls it', [planned(state('users', 3200))], [users]],
    ['nothing is replaced', [planned(state('users', 3200), keep)], [users, orders]],
    [
      'a provider does not run here',
      [planned(state('orders', 3102, { [LINK]: 'http://users:3200' }))],
      [orders],
    ],
  ])('none if %s', (_, services, containers) => {
    expect([...portNotes(services, containers, 'production')]).toEqual([]);
  });
});
