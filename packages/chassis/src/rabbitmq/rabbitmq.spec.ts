import { expect, it } from 'vitest';
import { RETRY_DELAYS_MS } from '../events/broker.js';
import { rabbitmqAdapter } from '../testing/brokers/rabbitmq.js';
import { describeWithoutServer } from '../testing/brokers/without-server.js';
import { refuseLongRetries } from './rabbitmq.js';

// On a real server, it is tested in rabbitmq.engine.spec.ts.

describeWithoutServer(rabbitmqAdapter);

it('refuses retries of an event with an order that take longer than the broker waits', () => {
  const refuse = (retryDelaysMs: readonly number[]) => () =>
    refuseLongRetries('order.changed', { retryDelaysMs, handlerTimeoutMs: 30_000 });
  expect(refuse(RETRY_DELAYS_MS)).not.toThrow();
  expect(refuse([24 * 60_000])).not.toThrow();
  expect(refuse([25 * 60_000])).toThrow(
    'all attempts of order.changed can take 26 min, and RabbitMQ waits 30 min for an event with "orderBy"',
  );
});
