import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from 'rabbitmq-client';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { describeEngine } from '../../../../tools/testing/describe-engine.js';
import { currentContext, runInContext } from '../context/request-context.js';
import { migratePostgres } from '../datastores/migrations-postgres.js';
import { postgres, type Postgres } from '../datastores/postgres.js';
import { rabbitmq, type RabbitMq, type RabbitMqOptions } from '../rabbitmq/rabbitmq.js';
import { replayDeadLetters } from '../rabbitmq/replay.js';
import { consumerQueue, deadQueue } from '../rabbitmq/topology.js';
import type { Resource } from '../service/resource.js';
import type { Log } from '../telemetry/log.js';
import type { MetricLabels } from '../telemetry/meter.js';
import { startContainer, type Container } from '../testing/container.js';
import { startEventProcess } from '../testing/event-process.js';
import { orderPlaced } from '../testing/order-placed.js';
import { EventRefusedError } from './broker.js';
import { defineEvent, handle, RejectEventError, type EventMessage } from './events.js';
import { cleanInbox, once } from './inbox.js';
import { outbox, type Outbox } from './outbox.js';

/** RabbitMQ 3.10 may lose a new quorum queue with its content if it is killed within seconds after. */
const QUEUE_SETTLES_MS = 5000;

/** Long enough for a busy machine. */
const soon = <T>(read: () => T) => expect.poll(read, { timeout: 150_000 });

type OrderPlaced = EventMessage<typeof orderPlaced>;

const USER = { user: 'platform', password: 'hunter2' };
const RABBITMQ = {
  engine: 'rabbitmq',
  port: 5672,
  environment: { RABBITMQ_DEFAULT_USER: USER.user, RABBITMQ_DEFAULT_PASS: USER.password },
  check: ['rabbitmq-diagnostics', '-q', 'check_running'],
} as const;
const POSTGRES = {
  engine: 'postgres',
  port: 5432,
  environment: { POSTGRES_USER: USER.user, POSTGRES_PASSWORD: USER.password },
  check: ['pg_isready', '--host=127.0.0.1', `--username=${USER.user}`],
} as const;

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

// Short time limits, so that a hang fails early: the broker answers within milliseconds and restarts within seconds.
vi.setConfig({ testTimeout: 60_000 });

describeEngine('events', () => {
  let server: Container;
  let url: string;
  /** What a test started; closed after it. */
  const open: Resource[] = [];
  let count = 0;
  /** A service name that no other test uses. */
  const unique = (name: string) => `${name}-${++count}`;

  beforeAll(async () => {
    server = await startContainer(RABBITMQ);
    url = `amqp://${USER.user}:${USER.password}@127.0.0.1:${server.port}`;
  });
  afterAll(() => server?.remove());
  afterEach(async () => {
    await Promise.all(open.splice(0).map((resource) => resource.close()));
    lines.length = 0;
  });

  function connect(
    service: string,
    options: Partial<RabbitMqOptions<readonly [typeof orderPlaced]>> = {},
  ) {
    const broker = rabbitmq(url, {
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
    options: Partial<RabbitMqOptions<readonly [typeof orderPlaced]>> = {},
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

  const place = (broker: RabbitMq<typeof orderPlaced>, orderId: string, total = 1) =>
    broker.publish(orderPlaced, { orderId, total });

  /** Runs a client of the amqp driver, without the chassis. */
  async function driver<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = new Connection(url);
    try {
      return await work(connection);
    } finally {
      await connection.close();
    }
  }

  const depth = (queue: string) =>
    driver(async (connection) => {
      return (await connection.queueDeclare({ queue, passive: true })).messageCount;
    });

  const dead = (service: string) => deadQueue(service, orderPlaced.name);

  describe('publishing', () => {
    it('reaches a handler of each service, with the context', async () => {
      const contexts: unknown[] = [];
      const remember = () => contexts.push(currentContext()?.requestId);
      const [billing, mail] = [unique('billing'), unique('mail')];
      const consumers = [await consumer(billing, remember), await consumer(mail, remember)];
      const orders = connect('orders');
      const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
      const context = { requestId: 'request-1', traceparent, deadline: performance.now() + 4000 };
      const id = await runInContext(context, () => place(orders, 'a', 12));
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

    it('is reported in the log once if no service has a queue for it', async () => {
      const soldOut = defineEvent('stock.sold-out', z.object({}));
      const stock = rabbitmq(url, { service: 'stock', publishes: [soldOut], log });
      open.push(stock);
      await stock.publish(soldOut, {});
      await stock.publish(soldOut, {});
      expect(said('warn')).toEqual([
        'stock.sold-out was published, but no service has a queue for it',
      ]);
    });

    it('keeps events for known services that were never started', async () => {
      const service = unique('billing');
      const orders = connect('orders', { subscribers: { 'order.placed': [service] } });
      await place(orders, 'early');
      const { ids } = await consumer(service);
      await soon(ids).toEqual(['early']);
    });

    it("names what the service's account may not publish or consume", async () => {
      const service = unique('narrow');
      const own = `^(events|${service}:.*)$`;
      await server.exec('rabbitmqctl', '-q', 'add_user', service, USER.password);
      const write = `^(events|amq\\.default|${service}:.*)$`;
      await server.exec('rabbitmqctl', '-q', 'set_permissions', service, own, write, own);
      const topics = ['set_topic_permissions', service, 'events', '^other$', '^other$'];
      await server.exec('rabbitmqctl', '-q', ...topics);
      const narrow = rabbitmq(`amqp://${service}:${USER.password}@127.0.0.1:${server.port}`, {
        ...{ service, publishes: [orderPlaced], log, retryDelaysMs: [100] },
      });
      open.push(narrow);
      const refusal = await place(narrow, 'a').catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(EventRefusedError);
      const may = `the account of ${service} at the broker may not`;
      expect((refusal as EventRefusedError).cause).toMatchObject({
        message: expect.stringContaining(
          `${may} publish order.placed: check "publishes" in its service.yml, run nx sync and deploy ${service}`,
        ) as string,
      });
      // What its account may do still works.
      await narrow.check(AbortSignal.timeout(20_000));
      narrow.subscribe([handle(orderPlaced, () => Promise.resolve())]);
      await narrow.start();
      await soon(() => said('warn').join()).toContain(
        `${may} consume order.placed: check "subscribes" in its service.yml`,
      );
      await expect(narrow.check(AbortSignal.timeout(20_000))).rejects.toThrow(
        `${service}:order.placed is not consumed: ${may} consume order.placed`,
      );
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
      const service = unique('billing');
      const broker = connect(service, { retryDelaysMs: [] });
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
      expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(100);
      expect(times[2]! - times[1]!).toBeGreaterThanOrEqual(200);
      expect(new Set(failing.events.map(({ id }) => id)).size).toBe(1);
      await sleep(300);
      expect(other.events).toHaveLength(1);
      expect(said('warn')).toEqual([
        'order.placed failed and is delivered again in 100 ms: not yet',
        'order.placed failed and is delivered again in 200 ms: not yet',
      ]);
    });

    it('finally has the event in the dead-letter queue, with the reason', async () => {
      const service = unique('billing');
      const { events } = await consumer(service, () => {
        throw new Error('no account at postgres://me:hunter2@db');
      });
      const id = await place(connect('orders'), 'a', 12);
      await soon(() => said('error')).toHaveLength(1);
      expect(events.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      const letter = await driver((connection) => connection.basicGet(dead(service)));
      expect(letter).toMatchObject({
        messageId: id,
        headers: {
          'x-dead-reason': 'retries exhausted',
          'x-dead-error': 'no account at postgres://***@db',
          'x-attempt': '3',
        },
      });
      expect(JSON.parse(String(letter?.body))).toEqual({ orderId: 'a', total: 12 });
      expect(JSON.stringify([letter?.headers, lines])).not.toContain('hunter2');
    });

    it('can say that a retry is useless', async () => {
      const service = unique('billing');
      const { events } = await consumer(service, () => {
        throw new RejectEventError('there is no such order');
      });
      await place(connect('orders'), 'a');
      await soon(() => depth(dead(service))).toBe(1);
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
      expect(said('warn').join()).toContain('the handler of order.placed took longer than 100 ms');
    });

    it('loses nothing if the queues for retries were deleted', async () => {
      const service = unique('billing');
      const { events } = await consumer(service, ({ attempt }) => {
        if (attempt === 1) throw new Error('not yet');
      });
      await driver((connection) => connection.queueDelete(`${service}:retry:100`));
      await place(connect('orders'), 'a');
      await soon(() => events.map(({ attempt }) => attempt)).toEqual([1, 2]);
    });
  });

  describe('an invalid event', () => {
    it.each([
      ['not JSON', '{"orderId":'],
      ['not what the contract says', '{"orderId":12}'],
    ])('is a dead letter after the first attempt if it is %s', async (_name, body) => {
      const service = unique('billing');
      const { events, broker } = await consumer(service);
      await broker.send({ id: 'poison', name: orderPlaced.name, body, headers: {} });
      await soon(() => depth(dead(service))).toBe(1);
      const letter = await driver((connection) => connection.basicGet(dead(service)));
      expect(letter).toMatchObject({
        headers: { 'x-dead-reason': 'invalid', 'x-attempt': '1' },
      });
      expect(String(letter?.body)).toBe(body);
      await place(broker, 'a');
      await soon(() => events.length).toBe(1);
    });

    it('may have no id, if the publisher is not ours', async () => {
      const service = unique('billing');
      await consumer(service);
      await driver(async (connection) => {
        const publisher = connection.createPublisher({ confirm: true });
        const to = { exchange: 'events', routingKey: orderPlaced.name };
        await publisher.send(to, { orderId: 'a', total: 1 });
        await publisher.close();
      });
      await soon(() => depth(dead(service))).toBe(1);
    });
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
      await soon(() => depth(dead(service))).toBe(3);
      events.length = 0;
      return { ids, events, mend: () => (isBroken = false) };
    }

    it('gives them to the handler again, as new events', async () => {
      const service = unique('billing');
      const { ids, events, mend } = await letters(service);
      mend();
      const replay = () => replayDeadLetters(url, { service, subscribes: [orderPlaced], log });
      expect(await replay()).toEqual({ 'order.placed': 3 });
      await soon(() => ids().sort()).toEqual(['a', 'b', 'c']);
      expect(events.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
      expect(await depth(dead(service))).toBe(0);
      expect(await replay()).toEqual({ 'order.placed': 0 });
    });

    it('ends if they fail again', async () => {
      const service = unique('billing');
      await letters(service);
      const report = await replayDeadLetters(url, { service, subscribes: [orderPlaced], log });
      expect(report).toEqual({ 'order.placed': 3 });
      await soon(() => depth(dead(service))).toBe(3);
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
      const options = { service, subscribes: [orderPlaced], log: { ...log, info } as Log };
      await expect(replayDeadLetters(url, options)).rejects.toThrow('killed');
      await soon(() => depth(dead(service))).toBe(2);
      await replayDeadLetters(url, { service, subscribes: [orderPlaced], log });
      await soon(() => ids().sort()).toEqual(['a', 'b', 'c']);
    });

    it('works for a service that was never started', async () => {
      const options = { service: unique('billing'), subscribes: [orderPlaced], log };
      expect(await replayDeadLetters(url, options)).toEqual({ 'order.placed': 0 });
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
    });

    it('lets a handler publish during a stop', async () => {
      const relay = unique('relay');
      const end = unique('end');
      const last = await consumer(end);
      const shipped = defineEvent('order.shipped', z.object({}));
      const broker = rabbitmq(url, { service: relay, publishes: [shipped], log });
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
      await place(last.broker, 'a');
      await soon(() => begun).toBe(1);
      await broker.close();
      expect(said('error')).toEqual([]);
      expect(await depth(consumerQueue(relay, orderPlaced.name))).toBe(0);
    });

    it('continues after the broker was killed, which loses nothing that it confirmed', async () => {
      const [running, stopped] = [unique('billing'), unique('mail')];
      const { broker, ids } = await consumer(running);
      await (await consumer(stopped)).broker.close();
      const orders = connect('orders');
      await place(orders, 'first');
      await soon(ids).toEqual(['first']);
      await sleep(QUEUE_SETTLES_MS);
      await Promise.all(['b', 'c', 'd'].map((order) => place(orders, order)));
      await server.kill();
      const away = { name: 'UnavailableError', statusCode: 503 };
      await expect(place(connect('shop', { publishTimeoutMs: 500 }), 'no')).rejects.toMatchObject(
        away,
      );
      const reason = await broker.check(AbortSignal.timeout(1000)).catch(String);
      expect(reason).toMatch(/ECONNREFUSED|ECONNRESET|socket/);
      await server.start();
      const publish = () => place(orders, 'after').then(() => 'published', String);
      await soon(publish).toBe('published');
      await soon(() => new Set(ids())).toContain('after');
      expect([...new Set(ids())].sort()).toEqual(['after', 'b', 'c', 'd', 'first']);
      const later = await consumer(stopped);
      await soon(() => [...new Set(later.ids())].sort()).toEqual(['after', 'b', 'c', 'd', 'first']);
      await broker.check(AbortSignal.timeout(1000));
      expect(said('info')).toContain('broker is connected again');
    });

    it('keeps confirmed events for a service that was never started, even if the broker is killed right after', async () => {
      const later = unique('later');
      const publisher = connect(unique('shop'), { subscribers: { [orderPlaced.name]: [later] } });
      await place(publisher, 'kept');
      await server.kill();
      await server.start();
      await soon(() => depth(consumerQueue(later, orderPlaced.name))).toBe(1);
    });

    it('continues after its queue was deleted', async () => {
      const service = unique('billing');
      const { ids } = await consumer(service);
      const queue = consumerQueue(service, orderPlaced.name);
      await driver((connection) => connection.queueDelete(queue));
      await soon(() => depth(queue).catch(() => -1)).toBe(0);
      await place(connect('orders'), 'a');
      await soon(ids).toEqual(['a']);
    });

    it('gives the event of a killed process to another one', async () => {
      const service = unique('billing');
      const victim = await startEventProcess({ BROKER_URL: url, SERVICE: service, WORK: 'hang' });
      await place(connect('orders'), 'a');
      await victim.says('handling a');
      await victim.kill();
      const { ids } = await consumer(service);
      await soon(ids).toEqual(['a']);
    });

    it('stops delivering an event that always ends its process', async () => {
      const service = unique('billing');
      const { broker } = await consumer(service);
      await broker.close();
      await place(connect('orders'), 'a');
      const queue = consumerQueue(service, orderPlaced.name);
      // Each process ends on its first event; it is delivered 20 times more.
      await driver(async (connection) => {
        for (let times = 0; times <= 20; times++) {
          const channel = await connection.acquire();
          await vi.waitFor(async () => expect(await channel.basicGet(queue)).toBeDefined());
          await channel.close();
        }
      });
      await soon(() => depth(dead(service))).toBe(1);
      expect(await depth(queue)).toBe(0);
    });
  });

  describe('with PostgreSQL', () => {
    let databaseServer: Container;
    let databaseUrl: string;
    let directory: string;
    let database: Postgres;

    beforeAll(async () => {
      databaseServer = await startContainer(POSTGRES);
      databaseUrl = `postgres://${USER.user}:${USER.password}@127.0.0.1:${databaseServer.port}/${USER.user}`;
      directory = await mkdtemp(join(tmpdir(), 'migrations-'));
      await migratePostgres({ url: databaseUrl, directory, eventTables: true });
      await migratePostgres({ url: databaseUrl, directory, eventTables: true });
      database = postgres(databaseUrl);
      await database.query('CREATE TABLE orders (id text PRIMARY KEY, count integer DEFAULT 0)');
    });
    afterAll(async () => {
      await database?.close();
      await databaseServer?.remove();
      if (directory) await rm(directory, { recursive: true });
    });

    const waiting = async () => {
      const { rows } = await database.query<{ count: number }>(
        'SELECT count(*)::integer AS count FROM chassis_outbox',
      );
      return rows[0]!.count;
    };

    /** Commits an order and its event. */
    const commit = (relay: Outbox<typeof orderPlaced>, orderId: string) =>
      database.transaction(async (client) => {
        await client.query('INSERT INTO orders (id) VALUES ($1)', [orderId]);
        return relay.publish(client, orderPlaced, { orderId, total: 1 });
      });

    function relayOf(broker: RabbitMq<typeof orderPlaced>, options = {}) {
      const relay = outbox(database, broker, { pollMs: 200, log, ...options });
      open.push(relay);
      return relay;
    }

    it('creates tables only if it is told to', async () => {
      await database.query('CREATE DATABASE plain');
      const plain = databaseUrl.replace(/[^/]*$/, 'plain');
      await migratePostgres({ url: plain, directory });
      const other = postgres(plain);
      open.push(other);
      const relay = outbox(other, connect('orders'));
      await expect(relay.check(AbortSignal.timeout(1000))).rejects.toThrow('chassis_outbox');
    });

    it('publishes committed events immediately, with their context', async () => {
      const contexts: unknown[] = [];
      const { events } = await consumer(unique('billing'), () =>
        contexts.push(currentContext()?.requestId),
      );
      const relay = relayOf(connect('orders'), { pollMs: 60_000 });
      relay.start();
      const id = await runInContext({ requestId: 'request-2' }, () => commit(relay, 'committed'));
      await soon(() => events.map(({ id }) => id)).toEqual([id]);
      expect(contexts).toEqual(['request-2']);
      await soon(waiting).toBe(0);
    });

    it('publishes nothing that was rolled back', async () => {
      const { ids } = await consumer(unique('billing'));
      const relay = relayOf(connect('orders'));
      relay.start();
      const failed = database.transaction(async (client) => {
        await relay.publish(client, orderPlaced, { orderId: 'undone', total: 1 });
        throw new Error('no stock');
      });
      await expect(failed).rejects.toThrow('no stock');
      await commit(relay, 'done');
      await soon(ids).toEqual(['done']);
    });

    it('publishes at the next start what its process could not', async () => {
      const { ids } = await consumer(unique('billing'));
      // Created but never started: like a process that died right after the commit.
      await commit(outbox(database, connect('orders')), 'left-behind');
      expect(await waiting()).toBe(1);
      relayOf(connect('orders')).start();
      await soon(ids).toEqual(['left-behind']);
      await soon(waiting).toBe(0);
    });

    it('leads to one handling if a relay dies between the confirm and the record of it', async () => {
      const service = unique('billing');
      const handled: boolean[] = [];
      const { events } = await consumer(service, async (event) => {
        const isFirst = await once(database, event, service, (client) =>
          client.query('UPDATE orders SET count = count + 1 WHERE id = $1', [event.data.orderId]),
        );
        handled.push(isFirst);
      });
      await commit(outbox(database, connect('orders')), 'twice');
      const victim = await startEventProcess({
        BROKER_URL: url,
        SERVICE: 'orders',
        DATABASE_URL: databaseUrl,
        WORK: 'relay and die',
      });
      expect(await victim.exited).toBe('SIGKILL');
      await soon(() => events.length).toBe(1);
      expect(await waiting()).toBe(1);
      relayOf(connect('orders')).start();
      await soon(() => handled).toEqual([true, false]);
      expect(new Set(events.map(({ id }) => id)).size).toBe(1);
      const { rows } = await database.query("SELECT count FROM orders WHERE id = 'twice'");
      expect(rows).toEqual([{ count: 1 }]);
    });

    /** Replaces the broker in tests that are only about the relay. */
    function recorder(send: (orderId: string) => Promise<void>) {
      const broker = connect('orders');
      return { ...broker, send: (event) => send(orderOf(event.body)) } satisfies typeof broker;
    }
    const orderOf = (body: string | Buffer) =>
      (JSON.parse(String(body)) as { orderId: string }).orderId;

    it('publishes each event once, with any number of relays', async () => {
      const sent: string[] = [];
      const broker = recorder(async (orderId) => {
        await sleep(2);
        sent.push(orderId);
      });
      const composed = outbox(database, broker);
      const orders = Array.from({ length: 60 }, (_, index) => `many-${index}`);
      for (const order of orders) await commit(composed, order);
      for (const _ of [1, 2, 3]) relayOf(broker, { batch: 5 }).start();
      await soon(waiting).toBe(0);
      expect(sent.sort()).toEqual(orders.sort());
    });

    it('keeps the order if there is one relay', async () => {
      const sent: string[] = [];
      const broker = recorder((orderId) => Promise.resolve(void sent.push(orderId)));
      const relay = relayOf(broker, { batch: 3 });
      const orders = Array.from({ length: 10 }, (_, index) => `in-order-${index}`);
      for (const order of orders) await commit(relay, order);
      relay.start();
      await soon(() => sent).toEqual(orders);
    });

    it('waits while the broker is down, says so once, and then continues', async () => {
      let isAway = true;
      const sent: string[] = [];
      const broker = recorder((orderId) => {
        if (isAway) return Promise.reject(new Error('connect ECONNREFUSED'));
        return Promise.resolve(void sent.push(orderId));
      });
      const relay = relayOf(broker, { pollMs: 20 });
      relay.start();
      await commit(relay, 'patient');
      await soon(() => said('warn').length).toBe(1);
      await sleep(1200);
      expect(said('warn')).toEqual(['outbox stands still: connect ECONNREFUSED']);
      isAway = false;
      await soon(() => sent).toEqual(['patient']);
    });

    it('is not blocked by an event that the broker refuses', async () => {
      const sent: string[] = [];
      const broker = recorder((orderId) => {
        if (orderId !== 'refused') return Promise.resolve(void sent.push(orderId));
        const cause = new Error('too big');
        return Promise.reject(new EventRefusedError('order.placed', { cause }));
      });
      const relay = relayOf(broker);
      for (const order of ['refused', 'fine']) await commit(relay, order);
      relay.start();
      await soon(() => sent).toEqual(['fine']);
      await soon(() => said('error')).toEqual(['the broker refuses order.placed: too big']);
      // Logged before it is committed.
      await soon(async () => {
        const text = 'SELECT attempts, last_error FROM chassis_outbox';
        return (await database.query(text)).rows;
      }).toEqual([{ attempts: 1, last_error: 'too big' }]);
      await relay.close();
      await database.query('DELETE FROM chassis_outbox');
    });

    it('publishes the rest when it closes', async () => {
      const sent: string[] = [];
      const broker = recorder((orderId) => Promise.resolve(void sent.push(orderId)));
      const relay = relayOf(broker, { pollMs: 60_000 });
      relay.start();
      await soon(waiting).toBe(0);
      await commit(outbox(database, broker), 'last');
      await relay.close();
      expect(sent).toEqual(['last']);
    });

    it('refuses events that the broker does not declare', async () => {
      const other = defineEvent('order.lost', z.object({}));
      const relay = relayOf(connect('orders'));
      // @ts-expect-error nor does it compile
      const publish = database.transaction((client) => relay.publish(client, other, {}));
      await expect(publish).rejects.toThrow('orders does not publish order.lost');
    });

    describe('once', () => {
      const add = (id: string) => (client: Parameters<Parameters<typeof once>[3]>[0]) =>
        client.query('UPDATE orders SET count = count + 1 WHERE id = $1', [id]);
      const countOf = async (id: string) => {
        const { rows } = await database.query('SELECT count FROM orders WHERE id = $1', [id]);
        return (rows[0] as { count: number }).count;
      };

      it('does its work once if an event comes many times in parallel', async () => {
        await database.query("INSERT INTO orders (id) VALUES ('o1')");
        const event = { id: 'event-1' };
        const results = await Promise.all(
          Array.from({ length: 5 }, () => once(database, event, 'billing', add('o1'))),
        );
        expect(results.filter(Boolean)).toHaveLength(1);
        expect(await countOf('o1')).toBe(1);
        expect(await once(database, event, 'mail', add('o1'))).toBe(true);
        expect(await countOf('o1')).toBe(2);
      });

      it('repeats the work if it failed and was rolled back', async () => {
        await database.query("INSERT INTO orders (id) VALUES ('o2')");
        const event = { id: 'event-2' };
        const failing = once(database, event, 'billing', async (client) => {
          await add('o2')(client);
          throw new Error('no stock');
        });
        await expect(failing).rejects.toThrow('no stock');
        expect(await countOf('o2')).toBe(0);
        expect(await once(database, event, 'billing', add('o2'))).toBe(true);
      });

      it('removes old records', async () => {
        await once(database, { id: 'old' }, 'billing', () => Promise.resolve());
        await once(database, { id: 'new' }, 'billing', () => Promise.resolve());
        await database.query(
          "UPDATE chassis_inbox SET handled_at = now() - interval '2 days' WHERE event_id = 'old'",
        );
        expect(await cleanInbox(database, 86_400_000)).toBe(1);
        const { rows } = await database.query(
          "SELECT event_id FROM chassis_inbox WHERE event_id IN ('old', 'new')",
        );
        expect(rows).toEqual([{ event_id: 'new' }]);
      });
    });
  });
});
