import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runInContext } from '../context/request-context.js';
import type { Resource } from '../service/resource.js';
import { mongodb } from './mongodb.js';
import { mysql } from './mysql.js';
import { postgres } from './postgres.js';
import { reconnectDelay, redis } from './redis.js';

// Real servers are tested elsewhere. Here, no server answers.

const log = { info: vi.fn(), warn: vi.fn() };
const limits = { connectTimeoutMs: 300, log };
const engines = {
  postgres: (url: string) => postgres(url, limits),
  mysql: (url: string) => mysql(url, limits),
  mariadb: (url: string) => mysql(url, limits),
  redis: (url: string) => redis(url, limits),
  mongodb: (url: string) => mongodb(url, limits),
} satisfies Record<string, (url: string) => Resource>;
const names = Object.keys(engines) as (keyof typeof engines)[];

/** Accepts connections and never answers. */
let silent: Server;
const sockets = new Set<Socket>();
beforeEach(async () => {
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

function urlOf(protocol: string, port: number): string {
  return `${protocol}://me:hunter2@127.0.0.1:${port}/1`;
}

describe.each(names)('%s', (name) => {
  it('has a check that fails if there is no server, without showing the password', async () => {
    const resource = engines[name](urlOf(name, 1));
    const error = await resource.check(AbortSignal.timeout(2000)).catch(String);
    expect(error).toMatch(/ECONNREFUSED|not connected/);
    expect(error).not.toContain('hunter2');
    await resource.close();
  });

  it('has a check that ends with its signal if the server does not answer', async () => {
    const { port } = silent.address() as AddressInfo;
    const resource = engines[name](urlOf(name, port));
    const started = performance.now();
    await expect(resource.check(AbortSignal.timeout(150))).rejects.toThrow();
    expect(performance.now() - started).toBeLessThan(290);
    for (const socket of sockets) socket.destroy();
    await resource.close();
  });

  it('closes once, even if it is told to several times', async () => {
    const resource = engines[name](urlOf(name, 1));
    await Promise.all([resource.close(), resource.close()]);
  });

  it('refuses an invalid URL without showing it', () => {
    for (const url of ['me:hunter2@db', `${name}//me:hunter2@db`, 'http://me:hunter2@db']) {
      expect(() => engines[name](url)).toThrow(TypeError);
      expect(() => engines[name](url)).not.toThrow(/hunter2/);
    }
  });
});

interface Sql extends Resource {
  query(text: string): Promise<unknown>;
}
const sql: Record<string, (url: string) => Sql> = {
  postgres: engines.postgres,
  mysql: engines.mysql,
};

describe.each(Object.entries(sql))('a query of %s', (name, open) => {
  it('is a 503 if the server cannot be reached', async () => {
    const database = open(urlOf(name, 1));
    await expect(database.query('SELECT 1')).rejects.toMatchObject({
      name: 'UnavailableError',
      statusCode: 503,
      message: 'database cannot be used: connect ECONNREFUSED 127.0.0.1:1',
    });
    await database.close();
  });

  it('ends with the deadline of the caller', async () => {
    const { port } = silent.address() as AddressInfo;
    const database = open(urlOf(name, port));
    const query = (ms: number) =>
      runInContext({ requestId: 'r', deadline: performance.now() + ms }, () =>
        database.query('SELECT 1'),
      );
    await expect(query(0)).rejects.toMatchObject({ name: 'OutOfTimeError', statusCode: 504 });
    await expect(query(100)).rejects.toMatchObject({ name: 'OutOfTimeError', statusCode: 504 });
    for (const socket of sockets) socket.destroy();
    await database.close();
  });
});

describe('options of a PostgreSQL URL', () => {
  const open = (query: string, pool?: object) => () =>
    postgres(`postgres://orders:hunter2@db/orders?${query}`, { ...limits, pool });

  it.each([
    ['sslmode=require', { ssl: { ca: '-' } }, '"sslmode", and the code sets pool.ssl'],
    ['sslrootcert=/ca.pem', { ssl: true }, '"sslrootcert", and the code sets pool.ssl'],
    ['application_name=a', { application_name: 'b' }, '"application_name", and the code sets pool'],
    ['statement_timeout=0', undefined, '"statement_timeout", and the code sets statementTimeoutMs'],
    ['max=50', undefined, '"max", and the code sets max'],
  ])('%s is an error beside %o, because pg would ignore the latter', (query, pool, problem) => {
    expect(open(query, pool)).toThrow(`the URL of "database" sets ${problem}`);
    expect(open(query, pool)).not.toThrow('hunter2');
  });

  it.each([
    ['sslmode=disable', undefined],
    ['sslmode=disable', { application_name: 'b' }],
    ['application_name=a', { ssl: false }],
  ])('%s is accepted beside %o', async (query, pool) => {
    await open(query, pool)().close();
  });
});

describe('redis', () => {
  it('says once that it is not connected', async () => {
    log.warn.mockClear();
    const cache = redis(urlOf('redis', 1), { ...limits, maxReconnectDelayMs: 20 });
    await vi.waitFor(() => expect(cache.client.status).toBe('reconnecting'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(log.warn).toHaveBeenCalledOnce();
    expect(log.warn.mock.calls[0]?.[1]).toBe(
      'cache is not connected: connect ECONNREFUSED 127.0.0.1:1',
    );
    await cache.close();
  });

  it('fails commands immediately if it is not connected', async () => {
    const cache = redis(urlOf('redis', 1), limits);
    await expect(cache.client.get('a')).rejects.toThrow();
    await cache.close();
  });

  it.each([
    [1, 0, 50],
    [3, 0, 200],
    [3, 1, 100],
    [10, 0, 2000],
    [1000, 0.5, 1500],
  ])('waits before try %i, at chance %d, for %i ms', (times, random, ms) => {
    expect(reconnectDelay(times, 2000, random)).toBe(ms);
  });
});

it("operations of mongodb get the time until the caller's deadline", () => {
  const database = mongodb(urlOf('mongodb', 1), { operationTimeoutMs: 5000 });
  expect(database.timeLimit()).toEqual({ maxTimeMS: 5000 });
  const deadline = performance.now() + 1000;
  const { maxTimeMS } = runInContext({ requestId: 'r', deadline }, () => database.timeLimit());
  expect(maxTimeMS).toBeGreaterThan(900);
  expect(maxTimeMS).toBeLessThanOrEqual(1000);
  expect(database.db.databaseName).toBe('1');
});
