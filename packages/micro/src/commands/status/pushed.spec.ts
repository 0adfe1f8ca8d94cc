import { describe, expect, it } from 'vitest';
import type { PlatformStatus, ServiceStatus } from './document';
import { formatPushed, notRunning } from './pushed';

const KEY = 'a'.repeat(64);

const service = (more: Partial<ServiceStatus> = {}): ServiceStatus => ({
  name: 'orders',
  kind: 'service',
  state: 'in-step',
  drift: [],
  health: 'healthy',
  replicas: { running: 1, wanted: 1 },
  key: KEY,
  wantedKey: KEY,
  containers: [],
  ...more,
});

/** A service that did not change, so that nothing was pushed from here. */
const other = (more: Partial<ServiceStatus> = {}): ServiceStatus => {
  const { wantedKey: _, ...rest } = service({ name: 'users', state: 'not-compared' });
  return { ...rest, drift: ['nothing to compare with'], ...more };
};

const status = (more: Partial<PlatformStatus> = {}): PlatformStatus => ({
  version: 1,
  platform: 'acme',
  environment: 'staging',
  project: 'acme-staging',
  services: [service(), other()],
  backing: [],
  left: [],
  notes: [],
  ...more,
});

describe('what was pushed from here', () => {
  it('is right if it runs as declared and all others are healthy', () => {
    const running = status({
      services: [service(), other(), other({ name: 'idle', health: 'starting' })],
      backing: [{ name: 'db', engine: 'postgres', health: 'healthy', drift: ['image changed'] }],
      left: ['gone'],
    });
    expect(notRunning(running)).toEqual([]);
    expect(formatPushed(running)).toBe('orders: running as deployed; everything is healthy');
    expect(formatPushed(status({ services: [other()] }))).toBe(
      'nothing was pushed from here; everything is healthy',
    );
  });

  it('is right as a canary, which runs beside the version before', () => {
    const canary = { key: KEY, weight: 10, ready: true, health: 'healthy' as const };
    const before = { state: 'drifted' as const, drift: ['a canary'], key: 'b'.repeat(64) };
    const of = (more: Partial<typeof canary>) =>
      notRunning(status({ services: [service({ ...before, canary: { ...canary, ...more } })] }));
    expect(of({})).toEqual([]);
    expect(of({ key: 'c'.repeat(64) })).toEqual([{ name: 'orders', why: 'a canary' }]);
    expect(of({ ready: false })).toEqual([{ name: 'orders', why: 'a canary' }]);
  });

  it.each<[string, Partial<PlatformStatus>, string]>([
    [
      'something else runs',
      { services: [service({ state: 'drifted', drift: ['image changed: bbb -> aaa'] })] },
      'orders (image changed: bbb -> aaa)',
    ],
    [
      'it could not be compared',
      { services: [service({ state: 'not-compared', drift: ['entries were not compared'] })] },
      'orders (entries were not compared)',
    ],
    ['it broke after the deploy', { services: [service({ health: 'unhealthy' })] }, 'unhealthy'],
    [
      'another service is down',
      { services: [service(), other({ state: 'not-deployed', health: 'down' })] },
      'users (not running)',
    ],
    ['another one restarts', { services: [other({ health: 'restarting' })] }, 'users (restarting)'],
    [
      'its datastore is down',
      { backing: [{ name: 'db', engine: 'postgres', health: 'down', drift: [] }] },
      'db (not running)',
    ],
    [
      'the edge is down',
      { edge: { health: 'down', drift: [], ports: [], hosts: [] } },
      'edge (not running)',
    ],
  ])('is not right if %s', (_, more, why) => {
    expect(notRunning(status(more))).toHaveLength(1);
    expect(formatPushed(status(more))).toContain(`not as deployed: `);
    expect(formatPushed(status(more))).toContain(why);
  });

  it('need not run if no replica is wanted', () => {
    const none = { health: 'down' as const, replicas: { running: 0, wanted: 0 } };
    expect(notRunning(status({ services: [other(none)] }))).toEqual([]);
  });
});
