import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect as connectDriver, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { describeEngine } from '../../../../tools/testing/describe-engine.js';
import { currentContext, runInContext } from '../context/request-context.js';
import { defineEvent, handle, RejectEventError, type EventMessage } from '../events/events.js';
import type { Resource } from '../service/resource.js';
import type { Log } from '../telemetry/log.js';
import type { MetricLabels } from '../telemetry/meter.js';
import { startContainer, type Container } from '../testing/container.js';
import { startEventProcess } from '../testing/event-process.js';
import { orderPlaced } from '../testing/order-placed.js';
import { readMessage } from './message.js';
import { nats, type Nats, type NatsOptions } from './nats.js';
import { replayDeadLetters } from './replay.js';
import {
  ACK_WAIT_MS,
  consumerName,
  deadSubject,
  DELIVERY_LIMIT,
  eventSubject,
} from './topology.js';

/** Long enough for a busy machine. */
const soon = <T>(read: () => T) => expect.poll(read, { timeout: 60_000 });

type OrderPlaced = EventMessage<typeof orderPlaced>;
type Options = Partial<NatsOptions<readonly [typeof orderPlaced]>>;

const USER = { user: 'platform', pass: 'hunter2' };

const lines: { level: string; text: string }[] = [];
const write = (level: string) => (_fields: object | string, text?: string) =>
  void lines.push({ level, text: text ?? '' });
const log: Log = {
  debug: write('debug'),
  info: write('info'),
  warn: write('warn'),
  error: write('error'),
  child: () => log,
};
const said = (level: string) =>
  lines.filter((line) => line.level === level).map(({ text }) => text);

describeEngine('events on NATS', () => {
  let server: Container;
  let url: string;
  /** What a test started; closed after it. */
  const open: Resource[] = [];
  let count = 0;
  /** A service name that no other test uses. */
  const unique = (name: string) => `${name}-${++count}`;

  beforeAll(async () => {
    server = await startContainer({
      engine: 'nats',
      port: 4222,
      environment: {},
      command: [
        ...['nats-server', '--jetstream', '--store_dir', '/data', '--http_port', '8222'],
        ...['--user', USER.user, '--pass', USER.pass],
      ],
      check: ['wget', '-q', '-O', '/dev/null', 'http://127.0.0.1:8222/healthz'],
    });
    url = `nats://${USER.user}:${USER.pass}@127.0.0.1:${server.port}`;
  });
  afterAll(() => server?.remove());
  afterEach(async () => {
    await Promise.all(open.splice(0).map((resource) => resource.close()));
    lines.length = 0;
  });

  function connect(service: string, options: Options = {}) {
    const broker = nats(url, {
      service,
      publishes: [orderPlaced],
      retryDelaysMs: [100, 200],
      maxReconnectDelayMs: 300,
      log,
      ...options,
    });
    open.push(broker);
    return broker;
  }

  /** A running consumer, and the events it got. */
  async function consumer(
    service: string,
    work: (event: OrderPlaced) => unknown = () => undefined,
    options: Options = {},
  ) {
    const events: OrderPlaced[] = [];
    const broker = connect(service, options);
    broker.subscribe([
      handle(orderPlaced, async (event) => {
        events.push(event);
        await work(event);
      }),
    ]);
    await broker.start();
    return { broker, events, ids: () => events.map(({ data }) => data.orderId) };
  }

  const place = (broker: Nats<typeof orderPlaced>, orderId: string, total = 1) =>
    broker.publish(orderPlaced, { orderId, total });

  /** Runs NATS's own client, without the chassis. */
  async function driver<T>(
    work: (manager: JetStreamManager, client: NatsConnection) => Promise<T>,
  ): Promise<T> {
    const client = await connectDriver({ servers: `127.0.0.1:${server.port}`, ...USER });
    try {
      return await work(await jetstreamManager(client), client);
    } finally {
      await client.close();
    }
  }

  const deadLetters = (service: string) =>
    driver(async (manager) => {
      const subject = deadSubject('events', service, orderPlaced.name);
      const { state } = await manager.streams.info('events-dead', { subjects_filter: subject });
      return state.subjects?.[subject] ?? 0;
    });

  /** How many events its consumer has not finished. */
  const unfinished = (service: string) =>
    driver(async (manager) => {
      const name = consumerName(service, orderPlaced.name);
      const info = await manager.consumers.info('events', name);
      return info.num_pending + info.num_ack_pending;
    });

  describe('publishing', () => {
    it('reaches a handler of each service, with the context', async () => {
      const contexts: unknown[] = [];
      const remember = () => contexts.push(currentContext()?.requestId);
      const consumers = [
        await consumer(unique('billing'), remember),
        await consumer(unique('mail'), remember),
      ];
      const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
      const context = { requestId: 'request-1', traceparent, deadline: performance.now() + 4000 };
      const id = await runInContext(context, () => place(connect('orders'), 'a', 12));
      for (const { events } of consumers) {
        await soon(() => events.length).toBe(1);
        expect(events[0]).toMatchObject({
          id,
          name: 'order.placed',
          data: { orderId: 'a', total: 12 },
          source: 'orders',
          attempt: 1,
        });
      }
      expect(contexts).toEqual(['request-1', 'request-1']);
    });

    it('is done once if an event is published twice within two minutes', async () => {
      const { events, ids } = await consumer(unique('billing'));
      const orders = connect('orders');
      const data = { orderId: 'a', total: 1 };
      for (const _ of [1, 2]) await orders.publish(orderPlaced, data, { id: 'order-a' });
      await place(orders, 'b');
      await soon(ids).toContain('b');
      expect(events.map(({ id }) => id).filter((id) => id === 'order-a')).toHaveLength(1);
    });

    it('is reported in the log once if no service has a consumer for it', async () => {
      const soldOut = defineEvent('stock.sold-out', z.object({}));
      const stock = nats(url, { service: 'stock', publishes: [soldOut], log });
      open.push(stock);
      await stock.publish(soldOut, {});
      await stock.publish(soldOut, {});
      expect(said('warn')).toEqual([
        'stock.sold-out was published, but no service has a consumer for it',
      ]);
    });

    it('keeps events for known services that were never started', async () => {
      const service = unique('billing');
      const orders = connect('orders', { subscribers: { 'order.placed': [service] } });
      await place(orders, 'early');
      const { ids } = await consumer(service);
      await soon(ids).toEqual(['early']);
    });

    it('refuses what is too big for the server', async () => {
      const orders = connect('orders');
      const body = 'x'.repeat(2 * 1024 * 1024);
      const event = { id: 'big', name: orderPlaced.name, body, headers: {} };
      await expect(orders.send(event)).rejects.toMatchObject({ name: 'EventRefusedError' });
    });

    it('is counted in the metrics', async () => {
      const counted: MetricLabels[] = [];
      const meter = {
        counter: (name: string) => ({
          inc: (labels: MetricLabels) => void counted.push({ name, ...labels }),
        }),
        histogram: () => ({ observe: () => undefined }),
        gauge: () => ({ set: () => undefined }),
      };
      const broker = connect(unique('billing'), { retryDelaysMs: [] });
      broker.subscribe([
        handle(orderPlaced, ({ data: { total } }) =>
          total < 0 ? Promise.reject(new Error('negative')) : Promise.resolve(),
        ),
      ]);
      await broker.start({ log, meter });
      await place(broker, 'a');
      await place(broker, 'b', -1);
      await soon(() => counted.length).toBe(4);
      const event = 'order.placed';
      for (const outcome of ['done', 'dead']) {
        expect(counted).toContainEqual({ name: 'events_handled_total', event, outcome });
      }
      const published = { name: 'events_published_total', event, outcome: 'confirmed' };
      expect(counted.filter(({ name }) => name === published.name)).toEqual([published, published]);
    });
  });

  describe('a handler that fails', () => {
    it('gets the event again later, and no other service does', async () => {
      const times: number[] = [];
      const failing = await consumer(unique('billing'), ({ attempt }) => {
        times.push(performance.now());
        if (attempt < 3) throw new Error('not yet');
      });
      const other = await consumer(unique('mail'));
      await place(connect('orders'), 'a');
      await soon(() => failing.events.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(95);
      expect(times[2]! - times[1]!).toBeGreaterThanOrEqual(195);
      expect(new Set(failing.events.map(({ id }) => id)).size).toBe(1);
      expect(other.events).toHaveLength(1);
      expect(said('warn')).toEqual([
        'order.placed failed and is delivered again in 100 ms: not yet',
        'order.placed failed and is delivered again in 200 ms: not yet',
      ]);
    });

    it('finally has the event among the dead letters, with the reason', async () => {
      const service = unique('billing');
      const { events } = await consumer(service, () => {
        throw new Error('no account at postgres://me:hunter2@db');
      });
      const id = await place(connect('orders'), 'a', 12);
      await soon(() => said('error')).toHaveLength(1);
      expect(events.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      const letter = await driver(async (manager) => {
        const subject = deadSubject('events', service, orderPlaced.name);
        return manager.streams.getMessage('events-dead', { last_by_subj: subject });
      });
      const received = readMessage(letter!);
      expect(received).toMatchObject({
        id,
        source: 'orders',
        headers: {
          'x-dead-reason': 'retries exhausted',
          'x-dead-error': 'no account at postgres://***@db',
          'x-attempt': '3',
        },
      });
      expect(JSON.parse(String(received.body))).toEqual({ orderId: 'a', total: 12 });
      expect(JSON.stringify([received.headers, lines])).not.toContain('hunter2');
      await soon(() => unfinished(service)).toBe(0);
    });

    it('can say that a retry is useless', async () => {
      const service = unique('billing');
      const { events } = await consumer(service, () => {
        throw new RejectEventError('there is no such order');
      });
      await place(connect('orders'), 'a');
      await soon(() => deadLetters(service)).toBe(1);
      expect(events).toHaveLength(1);
    });

    it('may time out, which its signal says', async () => {
      const signals: AbortSignal[] = [];
      const broker = connect(unique('billing'), { handlerTimeoutMs: 100, retryDelaysMs: [50] });
      broker.subscribe([
        handle(orderPlaced, async ({ attempt }, { signal }) => {
          signals.push(signal);
          if (attempt === 1) await sleep(5000, undefined, { ref: false });
        }),
      ]);
      await broker.start();
      await place(connect('orders'), 'a');
      await soon(() => signals.length).toBe(2);
      expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    });
  });

  it('makes an invalid event a dead letter after the first attempt, and handles the next', async () => {
    const service = unique('billing');
    const { events, broker } = await consumer(service);
    await broker.send({
      id: unique('x'),
      name: orderPlaced.name,
      body: '{"orderId":',
      headers: {},
    });
    // Of a publisher that is not ours, without an id.
    await driver((_, client) =>
      jetstream(client).publish(eventSubject('events', orderPlaced.name), '{"orderId":"a"}'),
    );
    await soon(() => deadLetters(service)).toBe(2);
    await place(broker, 'a');
    await soon(() => events.length).toBe(1);
  });

  describe('replayDeadLetters', () => {
    /** Three dead letters with the orders a, b and c. */
    async function letters(service: string) {
      let isBroken = true;
      const { events, ids } = await consumer(
        service,
        () => {
          if (isBroken) throw new Error('broken');
        },
        { retryDelaysMs: [] },
      );
      const orders = connect('orders');
      for (const order of ['a', 'b', 'c']) await place(orders, order);
      await soon(() => deadLetters(service)).toBe(3);
      events.length = 0;
      return { ids, events, mend: () => (isBroken = false) };
    }
    const replay = (service: string, more: Log = log) =>
      replayDeadLetters(url, { service, subscribes: [orderPlaced], log: more });

    it('gives them to the same service again, as new events', async () => {
      const service = unique('billing');
      const { ids, events, mend } = await letters(service);
      const other = await consumer(unique('mail'));
      mend();
      expect(await replay(service)).toEqual({ 'order.placed': 3 });
      await soon(() => ids().sort()).toEqual(['a', 'b', 'c']);
      expect(events.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
      expect(await deadLetters(service)).toBe(0);
      expect(await replay(service)).toEqual({ 'order.placed': 0 });
      expect(other.ids()).toEqual([]);
    });

    it('ends if they fail again, and keeps them', async () => {
      const service = unique('billing');
      await letters(service);
      for (const _ of [1, 2]) {
        expect(await replay(service)).toEqual({ 'order.placed': 3 });
        await soon(() => deadLetters(service)).toBe(3);
      }
    });

    it('loses none if it ends halfway', async () => {
      const service = unique('billing');
      const { ids, mend } = await letters(service);
      mend();
      const info = vi
        .fn()
        .mockImplementationOnce(() => undefined)
        .mockImplementation(() => {
          throw new Error('killed');
        });
      await expect(replay(service, { ...log, info })).rejects.toThrow('killed');
      expect(await deadLetters(service)).toBe(2);
      await replay(service);
      await soon(() => ids().sort()).toEqual(['a', 'b', 'c']);
    });

    it('works for a service that was never started', async () => {
      expect(await replay(unique('billing'))).toEqual({ 'order.placed': 0 });
    });
  });

  describe('consuming', () => {
    it('handles at most as many at a time as configured', async () => {
      let atOnce = 0;
      let most = 0;
      const { events } = await consumer(
        unique('billing'),
        async () => {
          most = Math.max(most, ++atOnce);
          await sleep(20);
          atOnce--;
        },
        { prefetch: 3 },
      );
      const orders = connect('orders');
      await Promise.all(Array.from({ length: 12 }, (_, index) => place(orders, String(index))));
      await soon(() => events.length).toBe(12);
      expect(most).toBe(3);
    });

    it('shares the work among replicas', async () => {
      const service = unique('billing');
      const replicas = [
        await consumer(service, () => sleep(10), { prefetch: 1 }),
        await consumer(service, () => sleep(10), { prefetch: 1 }),
      ];
      const orders = connect('orders');
      await Promise.all(Array.from({ length: 10 }, (_, index) => place(orders, String(index))));
      const all = () => replicas.flatMap(({ ids }) => ids());
      await soon(() => all().length).toBe(10);
      expect(new Set(all()).size).toBe(10);
      for (const { events } of replicas) expect(events.length).toBeGreaterThan(0);
    });

    it('finishes what is running before it closes, and leaves the rest to the next consumer', async () => {
      const service = unique('billing');
      const ended: string[] = [];
      let letGo = (): void => undefined;
      const isClosing = new Promise<void>((resolve) => (letGo = resolve));
      const first = await consumer(
        service,
        async ({ data }) => {
          await isClosing;
          ended.push(data.orderId);
        },
        { prefetch: 1 },
      );
      const orders = connect('orders');
      for (const order of ['a', 'b', 'c']) await place(orders, order);
      await soon(() => first.events.length).toBe(1);
      const closed = first.broker.close();
      letGo();
      await closed;
      expect(ended).toEqual(['a']);
      expect(first.ids()).toEqual(['a']);
      const second = await consumer(service);
      await soon(() => second.ids()).toEqual(['b', 'c']);
      expect(second.events.map(({ attempt }) => attempt)).toEqual([1, 1]);
    });

    it('lets a handler publish during a stop', async () => {
      const relay = unique('relay');
      const orders = connect('orders');
      const shipped = defineEvent('order.shipped', z.object({}));
      const broker = nats(url, { service: relay, publishes: [shipped], log });
      open.push(broker);
      let begun = 0;
      broker.subscribe([
        handle(orderPlaced, async () => {
          begun++;
          await sleep(200);
          await broker.publish(shipped, {});
        }),
      ]);
      await broker.start();
      await place(orders, 'a');
      await soon(() => begun).toBe(1);
      await broker.close();
      expect(said('error')).toEqual([]);
      expect(await unfinished(relay)).toBe(0);
    });

    it('continues after its consumer was deleted', async () => {
      const service = unique('billing');
      const { ids } = await consumer(service);
      const name = consumerName(service, orderPlaced.name);
      await driver((manager) => manager.consumers.delete('events', name));
      await soon(() => unfinished(service).catch(() => -1)).toBe(0);
      await place(connect('orders'), 'a');
      await soon(ids).toEqual(['a']);
    });

    it('brings its consumer up to date when it starts', async () => {
      const service = unique('billing');
      await (await consumer(service)).broker.close();
      const name = consumerName(service, orderPlaced.name);
      const ackWait = () =>
        driver(async (manager) => (await manager.consumers.info('events', name)).config.ack_wait);
      await driver((manager) =>
        manager.consumers.update('events', name, { ack_wait: 1_000_000_000 }),
      );
      expect(await ackWait()).toBe(1_000_000_000);
      const { ids } = await consumer(service);
      expect(await ackWait()).toBe(ACK_WAIT_MS * 1_000_000);
      await place(connect('orders'), 'a');
      await soon(ids).toEqual(['a']);
    });

    it('gives the event of a killed process to another one', async () => {
      const service = unique('billing');
      const victim = await startEventProcess({ BROKER_URL: url, SERVICE: service, WORK: 'hang' });
      await place(connect('orders'), 'a');
      await victim.says('handling a');
      await victim.kill();
      const name = consumerName(service, orderPlaced.name);
      await driver(async (manager, client) => {
        const second = { ack_wait: 1_000_000_000 };
        const { config } = await manager.consumers.info('events', name);
        expect(config.ack_wait).toBe(ACK_WAIT_MS * 1_000_000);
        // The same sooner, so that the test does not wait for it.
        await manager.consumers.update('events', name, second);
        const other = await jetstream(client).consumers.get('events', name);
        const message = await other.next({ expires: 20_000 });
        expect(message).toMatchObject({ info: { deliveryCount: 2 } });
        message!.ack();
        await client.flush();
      });
    });

    it('stops delivering an event that always ends its process', async () => {
      const service = unique('billing');
      const { broker } = await consumer(service);
      await broker.close();
      await place(connect('orders'), 'a');
      const name = consumerName(service, orderPlaced.name);
      // Each takes the event and gives it back without an end.
      await driver(async (_, client) => {
        const taken = await jetstream(client).consumers.get('events', name);
        for (let times = 0; times < DELIVERY_LIMIT; times++) {
          const message = await taken.next({ expires: 5000 });
          message!.nak();
        }
        await client.flush();
      });
      const { events } = await consumer(service);
      await soon(() => deadLetters(service)).toBe(1);
      expect(events).toEqual([]);
    });
  });

  describe('if the server is killed', () => {
    it('loses nothing that was confirmed under load, and continues', async () => {
      const [running, stopped] = [unique('billing'), unique('mail')];
      const { broker, ids } = await consumer(running);
      await (await consumer(stopped)).broker.close();
      const orders = connect('orders', { publishTimeoutMs: 1000 });
      const confirmed: string[] = [];
      const end = new AbortController();
      const load = Promise.all(
        Array.from({ length: 8 }, async (_, worker) => {
          for (let n = 0; !end.signal.aborted; n++) {
            const order = `${worker}-${n}`;
            await place(orders, order).then(
              () => confirmed.push(order),
              () => sleep(20),
            );
          }
        }),
      );
      await soon(() => confirmed.length).toBeGreaterThan(200);
      await server.kill();
      const away = await broker.check(AbortSignal.timeout(1000)).catch(String);
      expect(away).toMatch(/connection .* was lost/);
      const before = confirmed.length;
      await server.start();
      await soon(() => confirmed.length).toBeGreaterThan(before + 200);
      end.abort();
      await load;
      const missing = (got: string[]) => {
        const seen = new Set(got);
        return confirmed.filter((order) => !seen.has(order));
      };
      await soon(() => missing(ids())).toEqual([]);
      const later = await consumer(stopped);
      await soon(() => missing(later.ids())).toEqual([]);
      await broker.check(AbortSignal.timeout(5000));
      expect(said('info')).toContain('broker is connected again');
    });

    it('cannot publish: a 503 before the time limit', async () => {
      const shop = connect('shop', { publishTimeoutMs: 500 });
      await place(shop, 'a');
      await server.kill();
      const failure = await place(shop, 'b').catch((error: unknown) => error);
      await server.start();
      expect(failure).toMatchObject({ name: 'UnavailableError', statusCode: 503 });
    });
  });
});
