import { describe, expect, it } from 'vitest';
import { plain } from '../shell';
import { formatSince, formatStatus } from './format';
import type { PlatformStatus, ServiceStatus } from './document';

const NOW = Date.parse('2026-11-21T12:00:00Z');

const service = (name: string, more: Partial<ServiceStatus> = {}): ServiceStatus => ({
  name,
  kind: 'service',
  state: 'in-step',
  drift: [],
  health: 'healthy',
  replicas: { running: 1, wanted: 1 },
  containers: [],
  ...more,
});

const status = (services: ServiceStatus[], more: Partial<PlatformStatus> = {}): PlatformStatus => ({
  version: 1,
  platform: 'acme',
  environment: 'staging',
  project: 'acme-staging',
  services,
  backing: [],
  left: [],
  notes: [],
  ...more,
});

describe('formatStatus', () => {
  it('shows control characters of labels and variables instead of sending them to the terminal', () => {
    const revision = '\x1b]0;owned\x07';
    const drift = ['entry changed: environment.\x1b[2J'];
    const lines = formatStatus(
      status([service('orders', { state: 'drifted', drift, revision, key: '\x1b[31mred' })]),
      NOW,
      plain,
    ).join('\n');
    expect(lines).toContain('environment.\\x1b[2J');
    // eslint-disable-next-line no-control-regex -- none of them is left
    expect(lines).not.toMatch(/[\x07\x1b]/);
  });

  it('is a table, with the causes below each service', () => {
    const lines = formatStatus(
      status(
        [
          service('gateway', {
            key: 'f'.repeat(64),
            revision: 'c0ffee1234',
            commitsBehind: 2,
            since: '2026-11-21T09:00:00Z',
          }),
          service('orders', {
            state: 'drifted',
            drift: ['entry changed: environment.LOG_LEVEL', '2 of 3 replicas'],
            replicas: { running: 2, wanted: 3 },
            revision: 'c0ffee1234-dirty',
          }),
          service('users', {
            state: 'not-deployed',
            drift: ['not deployed'],
            health: 'down',
            replicas: { running: 0, wanted: 1 },
          }),
        ],
        {
          commit: 'feedbeef00',
          backing: [
            { name: 'orders-database', engine: 'postgres', health: 'down', drift: ['not running'] },
          ],
          left: ['billing'],
          notes: ['entries were not compared: no .env'],
        },
      ),
      NOW,
      plain,
    );
    expect(lines).toEqual([
      'acme in staging  workspace at feedbee',
      '',
      '   service          state         image         commit              running  health   since',
      '✓  gateway          up to date    ffffffffffff  c0ffee1 (2 behind)  1/1      healthy  3 h ago',
      '!  orders           drifted                     c0ffee1+            2/3      healthy',
      '     entry changed: environment.LOG_LEVEL',
      '     2 of 3 replicas',
      '✕  users            not deployed                                    0/1      down',
      '✕  orders-database  not running                                              down',
      '!  billing  left the workspace but is still running',
      '',
      'entries were not compared: no .env',
      '',
      '3 services: 1 up to date, 1 drifted, 1 not deployed',
    ]);
  });

  it('says that all is well, and that there is nothing', () => {
    expect(formatStatus(status([service('orders')]), NOW, plain).at(-1)).toBe(
      'everything is up to date',
    );
    expect(formatStatus(status([]), NOW, plain)).toContain(
      'no service yet: nx g @org/micro:service <name>',
    );
  });
});

it.each([
  [undefined, ''],
  ['2026-11-21T11:59:55Z', '5 s ago'],
  ['2026-11-21T11:50:30Z', '9 min ago'],
  ['2026-11-20T12:00:00Z', '24 h ago'],
  ['2026-11-01T12:00:00Z', '20 days ago'],
  ['2026-11-21T12:00:09Z', '0 s ago'],
])('formatSince: %s is %s', (since, text) => {
  expect(formatSince(since, NOW)).toBe(text);
});
