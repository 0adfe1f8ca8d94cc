import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { parseEnvironment } from '../../../platform/environment';
import { formatSummary, type Ended } from './summary';

const summary = (yaml: string, ...services: Ended[]) =>
  stripVTControlCharacters(formatSummary(environmentOf(yaml), services, 16_640));

const environmentOf = (yaml: string) => parseEnvironment('production', yaml);

const ended = (service: string, outcome: Ended['outcome'], ...addresses: string[]): Ended => ({
  service,
  outcome,
  ports: addresses.map((address) => ({ address, port: 8080, target: 3000 })),
});

it.each<[Ended[], string]>([
  [[ended('orders', 'keep')], 'production  up to date  1 kept  16.6 s'],
  [
    [ended('users', 'update'), ended('orders', 'create'), ended('mail', 'update')],
    'production  done  1 created, 2 updated  16.6 s',
  ],
  [
    [ended('users', 'restart'), ended('orders', 'failed'), ended('mail', 'failed')],
    'production  failed  1 restarted, 2 failed (orders, mail)  16.6 s',
  ],
])('counts %#', (services, line) => {
  expect(summary('', ...services)).toBe(line);
});

it.each([
  ['', '127.0.0.1', 'http://127.0.0.1:8080'],
  ['', '0.0.0.0', 'http://localhost:8080'],
  ['', '2001:db8::1', 'http://[2001:db8::1]:8080'],
  ['host: unix:///run/other.sock', '127.0.0.1', 'http://127.0.0.1:8080'],
  ['host: ssh://deploy@example.com:2222', '0.0.0.0', 'http://example.com:8080'],
  ['host: ssh://deploy@example.com', '10.0.0.7', 'http://10.0.0.7:8080'],
  ['host: ssh://deploy@example.com', '127.0.0.1', "port 8080 of the engine's host"],
  ['context: far', '0.0.0.0', "port 8080 of the engine's host"],
])('%j: a port on %s is reached at %s', (yaml, address, place) => {
  expect(summary(yaml, ended('gateway', 'update', address))).toMatch(
    new RegExp(`  gateway: ${place.replace(/[.[\]]/g, '\\$&')}$`),
  );
});

it('lists an address once, without the port of HTTP', () => {
  const port = { port: 80, target: 3000 };
  const ports = [
    { ...port, address: '0.0.0.0' },
    { ...port, address: '::' },
  ];
  expect(summary('', { service: 'gateway', outcome: 'update', ports })).toMatch(
    / {2}gateway: http:\/\/localhost$/,
  );
});

it('shows the address that the environment sets, instead of a port', () => {
  const ports = [{ address: '127.0.0.1', port: 8080, target: 3000 }];
  expect(
    summary('', { service: 'gateway', outcome: 'update', url: 'https://shop.example.com', ports }),
  ).toMatch(/ {2}gateway: https:\/\/shop\.example\.com$/);
});
