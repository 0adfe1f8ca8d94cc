import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { runInContext } from '../../context/request-context.js';
import type { Postgres } from '../../datastores/postgres.js';
import type { BrokerOptions } from '../../events/broker.js';
import { defineEvent, handle } from '../../events/events.js';
import { outbox } from '../../events/outbox.js';
import type { Log } from '../../telemetry/log.js';
import type { BrokerAdapter } from './adapter.js';
import { setVariables } from './fixture.js';

const orderPlaced = defineEvent('order.placed', z.object({ orderId: z.string() }));
const orderPaid = defineEvent('order.paid', z.object({}));
const data = { orderId: 'a' };

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn(), child: (): Log => log };
const options = {
  service: 'orders',
  publishes: [orderPlaced],
  publishTimeoutMs: 300,
  maxReconnectDelayMs: 50,
  log,
} satisfies BrokerOptions<[typeof orderPlaced]>;

/** What a broker does while no server answers. */
export function describeWithoutServer(
  adapter: Pick<BrokerAdapter, 'url' | 'connect' | 'replay' | 'variables'>,
): void {
  /** Accepts connections and never answers. */
  let silent: Server;
  const sockets = new Set<Socket>();
  beforeAll(() => setVariables(adapter));
  afterAll(() => vi.unstubAllEnvs());
  beforeEach(async () => {
    vi.clearAllMocks();
    silent = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }).listen(0, '127.0.0.1');
    await once(silent, 'listening');
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    silent.close();
  });

  const at = (port: number) => adapter.url(port);
  const nowhere = at(1);
  const silentUrl = () => at((silent.address() as AddressInfo).port);

  it('connects to nothing until it is used', async () => {
    const broker = adapter.connect(silentUrl(), options);
    broker.subscribe([handle(orderPaid, () => Promise.resolve())]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sockets.size).toBe(0);
    await Promise.all([broker.close(), broker.close()]);
    expect(sockets.size).toBe(0);
  });

  describe('without a broker', () => {
    it('has a check that says why, without the password', async () => {
      const broker = adapter.connect(nowhere, options);
      const why = () => broker.check(AbortSignal.timeout(2000)).then(() => 'usable', String);
      const reasons = [await why(), await why()];
      expect(reasons[0]).toMatch(/ECONNREFUSED|time(d )?out/);
      expect(reasons[1]).toContain('ECONNREFUSED');
      expect(reasons.join()).not.toContain('hunter2');
      await broker.close();
    });

    it('has a check that ends with its signal if the broker does not answer', async () => {
      const broker = adapter.connect(silentUrl(), { ...options, publishTimeoutMs: 5000 });
      const started = performance.now();
      await expect(broker.check(AbortSignal.timeout(100))).rejects.toThrow();
      expect(performance.now() - started).toBeLessThan(1000);
      await broker.close();
      expect(performance.now() - started).toBeLessThan(1000);
    });

    it.each([
      ['that refuses', () => nowhere, 'ECONNREFUSED'],
      ['that is silent', silentUrl, 'time(d )?out|not confirmed'],
    ])('cannot publish to %s: a 503 before the time limit', async (_name, url, reason) => {
      const broker = adapter.connect(url(), options);
      const started = performance.now();
      await expect(broker.publish(orderPlaced, data)).rejects.toMatchObject({
        name: 'UnavailableError',
        statusCode: 503,
        message: expect.stringMatching(reason) as string,
      });
      expect(performance.now() - started).toBeLessThan(1000);
      await broker.close();
    });

    it('waits no longer than the caller', async () => {
      const broker = adapter.connect(nowhere, { ...options, publishTimeoutMs: 5000 });
      const publish = (ms: number) =>
        runInContext({ requestId: 'r', deadline: performance.now() + ms }, () =>
          broker.publish(orderPlaced, data),
        );
      await expect(publish(0)).rejects.toMatchObject({ name: 'OutOfTimeError', statusCode: 504 });
      const started = performance.now();
      await expect(publish(100)).rejects.toMatchObject({ name: 'UnavailableError' });
      expect(performance.now() - started).toBeLessThan(1000);
      await broker.close();
    });

    it('says once that it is not connected', async () => {
      const broker = adapter.connect(nowhere, options);
      await broker.check(AbortSignal.timeout(400)).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(log.warn.mock.calls.map(([, text]: unknown[]) => text)).toEqual([
        'broker is not connected: connect ECONNREFUSED 127.0.0.1:1',
      ]);
      await broker.close();
    });

    it('starts anyway, and stops immediately', async () => {
      const broker = adapter.connect(nowhere, options);
      broker.subscribe([handle(orderPaid, () => Promise.resolve())]);
      await broker.start();
      const started = performance.now();
      await broker.close();
      expect(performance.now() - started).toBeLessThan(1000);
    });

    it('replays nothing', async () => {
      const { port } = silent.address() as AddressInfo;
      silent.close();
      const replay = adapter.replay(at(port), {
        service: 'orders',
        subscribes: [orderPaid],
        timeoutMs: 300,
        log,
      });
      await expect(replay).rejects.toMatchObject({ name: 'UnavailableError' });
    });
  });

  it('refuses events that it did not declare', async () => {
    const broker = adapter.connect(nowhere, options);
    // @ts-expect-error nor does it compile
    const publish = broker.publish(orderPaid, {});
    await expect(publish).rejects.toThrow(
      'orders does not publish order.paid: add it to `publishes`',
    );
    await broker.close();
  });

  it('refuses invalid data before it connects', async () => {
    const broker = adapter.connect(silentUrl(), options);
    // @ts-expect-error nor does it compile
    const publish = broker.publish(orderPlaced, { orderId: 12 });
    await expect(publish).rejects.toThrow('order.placed is not valid: orderId: ');
    expect(sockets.size).toBe(0);
    await broker.close();
  });

  it('refuses a second handler of an event', () => {
    const broker = adapter.connect(nowhere, options);
    const subscription = handle(orderPaid, () => Promise.resolve());
    expect(() => broker.subscribe([subscription, subscription])).toThrow(
      'orders subscribes to order.paid twice',
    );
  });

  it('refuses an invalid URL without showing it', () => {
    const scheme = nowhere.split('//')[0];
    for (const url of ['me:hunter2@broker', 'http://me:hunter2@broker']) {
      expect(() => adapter.connect(url, options)).toThrow(`must look like ${scheme}//`);
      expect(() => adapter.connect(url, options)).not.toThrow(/hunter2/);
    }
  });

  it('gives its events to an outbox, which needs no broker for that', async () => {
    const broker = adapter.connect(nowhere, options);
    const events = outbox({} as Postgres, broker);
    const query = vi.fn(() => Promise.resolve());
    const id = await events.publish({ query }, orderPlaced, data);
    expect(query).toHaveBeenCalledWith(expect.stringContaining('INSERT INTO chassis_outbox'), [
      id,
      'order.placed',
      '{"orderId":"a"}',
      expect.stringContaining('x-occurred-at'),
    ]);
    // @ts-expect-error nor does it compile
    await expect(events.publish({ query }, orderPaid, {})).rejects.toThrow(
      'orders does not publish order.paid',
    );
    await broker.close();
  });
}
