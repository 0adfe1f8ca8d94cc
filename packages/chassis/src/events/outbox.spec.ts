import type { PoolClient } from 'pg';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Postgres } from '../datastores/postgres.js';
import type { RabbitMq } from '../rabbitmq/rabbitmq.js';
import type { Log } from '../telemetry/log.js';
import { outbox } from './outbox.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const quiet = { warn: () => undefined, info: () => undefined } as unknown as Log;
const row = { id: '1', event_id: 'e1', event: 'order.placed', body: '{}', headers: {} };

it('counts the waiting events as long as the broker is down', async () => {
  let waiting = { count: 3, seconds: 12 };
  const database = {
    transaction: (work: (client: PoolClient) => Promise<unknown>) =>
      work({ query: () => Promise.resolve({ rows: [row] }) } as unknown as PoolClient),
    query: () => Promise.resolve({ rows: [waiting] }),
  } as unknown as Postgres;
  const away = { send: () => Promise.reject(new Error('connect ECONNREFUSED')), publishes: [] };
  const gauges = new Map<string, number>();
  const meter = {
    gauge: (name: string) => ({ set: (value: number) => void gauges.set(name, value) }),
  };

  const relay = outbox(database, away as unknown as RabbitMq, { log: quiet });
  relay.start({ log: quiet, meter } as unknown as Parameters<typeof relay.start>[0]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(Object.fromEntries(gauges)).toEqual({
    events_outbox_pending: 3,
    events_outbox_oldest_seconds: 12,
  });

  waiting = { count: 400, seconds: 3600 };
  await vi.advanceTimersByTimeAsync(10_000);
  expect(gauges.get('events_outbox_pending')).toBe(400);
  expect(gauges.get('events_outbox_oldest_seconds')).toBe(3600);

  const closing = relay.close();
  await vi.advanceTimersByTimeAsync(2000);
  await closing;
  waiting = { count: 0, seconds: 0 };
  await vi.advanceTimersByTimeAsync(60_000);
  expect(gauges.get('events_outbox_pending')).toBe(400);
});
