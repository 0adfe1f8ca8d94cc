import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../../tools/testing/free-port.js';
import { HttpError } from '../errors/errors.js';
import { loggerOptions } from '../telemetry/logger.js';
import { logLines } from '../testing/log-lines.js';
import { readConfig } from './config.js';
import type { Resource } from './resource.js';
import { createService, type Service, type ServiceOptions } from './service.js';

let service: Service | undefined;

afterEach(async () => {
  await service?.stop();
  service = undefined;
});

async function compose(options: Partial<ServiceOptions> = {}, env: NodeJS.ProcessEnv = {}) {
  const { lines, stream } = logLines();
  const config = readConfig(
    'orders',
    {},
    {
      NODE_ENV: 'test',
      HOST: '127.0.0.1',
      PORT: String(await freePort()),
      ...env,
    },
  );
  const logger = { ...loggerOptions('orders', config), stream };
  service = createService({
    name: 'orders',
    config,
    ...options,
    fastify: { logger, ...options.fastify },
  });
  return { ...service, lines, url: `http://127.0.0.1:${config.PORT}` };
}

describe('createService', () => {
  it('accepts routes as a function, an async plugin or a callback plugin', async () => {
    const plain = await compose({ routes: (app) => void app.get('/a', () => ({})) });
    expect((await plain.app.inject('/a')).statusCode).toBe(200);
    const plugin = await compose({
      routes: async (app) => {
        await Promise.resolve();
        app.get('/b', () => ({}));
      },
    });
    expect((await plugin.app.inject('/b')).statusCode).toBe(200);
    const callback = await compose({
      routes: (app, _options, done) => {
        app.get('/c', () => ({}));
        done();
      },
    });
    expect((await callback.app.inject('/c')).statusCode).toBe(200);
  });

  it('does not apply hooks of the routes to its own routes', async () => {
    const { app } = await compose({
      routes: (app) =>
        void app.addHook('onRequest', () => Promise.reject(new HttpError(401, 'who is it?'))),
    });
    expect((await app.inject('/health')).statusCode).toBe(200);
  });

  it('passes options to Fastify', async () => {
    const { app } = await compose({
      fastify: { bodyLimit: 10 },
      routes: (app) => void app.post('/', () => ({})),
    });
    const response = await app.inject({ method: 'POST', url: '/', payload: { text: 'too long' } });
    expect(response.statusCode).toBe(413);
  });

  it('has the request id in each answer', async () => {
    const { app } = await compose();
    const headers = { 'x-request-id': 'abc' };
    for (const url of ['/health', '/ready', '/missing']) {
      expect((await app.inject({ url, headers })).headers['x-request-id']).toBe('abc');
    }
  });

  it('does not log probes that succeed', async () => {
    const { app, lines } = await compose();
    await app.inject('/health');
    await app.inject('/ready');
    expect(lines).toEqual([]);
  });

  it('has no /metrics unless metrics are on', async () => {
    const off = await compose();
    expect((await off.app.inject('/metrics')).statusCode).toBe(404);
    const on = await compose(
      { metrics: () => import('../telemetry/metrics.js') },
      { METRICS: 'on' },
    );
    expect((await on.app.inject('/metrics')).statusCode).toBe(200);
  });

  it('refuses metrics and traces that the service does not include', async () => {
    const env = { METRICS: 'on', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
    await expect(compose({}, env)).rejects.toMatchObject({
      problems: [
        { variable: 'METRICS', message: expect.stringContaining('@org/chassis/metrics') as string },
        {
          variable: 'OTEL_EXPORTER_OTLP_ENDPOINT',
          message: expect.stringContaining('@org/chassis/tracing') as string,
        },
      ],
    });
  });
});

describe('start', () => {
  it('is ready immediately without resources', async () => {
    const { start, lifecycle, url } = await compose();
    await start();
    expect(lifecycle.state).toBe('ready');
    expect((await fetch(`${url}/ready`)).status).toBe(200);
  });

  it('becomes ready when a missing resource is there, and not ready when it is gone', async () => {
    let state: 'up' | 'down' = 'down';
    const database: Resource = {
      name: 'database',
      kind: 'database',
      check: () =>
        state === 'down' ? Promise.reject(new Error('connect ECONNREFUSED')) : Promise.resolve(),
      close: () => Promise.resolve(),
    };
    const { start, url, lines } = await compose({ resources: [database] });
    const ready = async () => (await fetch(`${url}/ready`)).status;
    await start();
    expect(await ready()).toBe(503);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    state = 'up';
    await sleep(1200);
    expect(await ready()).toBe(200);
    state = 'down';
    await sleep(300);
    expect(await ready()).toBe(503);
    state = 'up';
    await sleep(300);
    expect(await ready()).toBe(200);
    const told = lines.filter(({ resource }) => resource === 'database').map(({ msg }) => msg);
    expect(told).toEqual([
      'database cannot be used: connect ECONNREFUSED',
      'database can be used',
      'database cannot be used: connect ECONNREFUSED',
      'database can be used',
    ]);
  });
});

describe('resources that work by themselves', () => {
  function worker(events: string[], isUp = () => true) {
    const tell = (text: string) => () => Promise.resolve(void events.push(text));
    return {
      name: 'broker',
      kind: 'broker',
      check: () => (isUp() ? Promise.resolve() : Promise.reject(new Error('refused'))),
      start: ({ log, meter }) => {
        log.info({ hasMeter: typeof meter.counter }, 'begins');
        events.push('start');
      },
      stop: tell('stop'),
      close: tell('close'),
    } satisfies Resource;
  }

  it('start when the service is ready, with its log, but not in a test that injects requests', async () => {
    const events: string[] = [];
    let isUp = false;
    const { app, start, lines } = await compose({ resources: [worker(events, () => isUp)] });
    await app.inject('/ready');
    await start();
    expect(events).toEqual([]);
    isUp = true;
    await sleep(1200);
    expect(events).toEqual(['start']);
    expect(lines).toContainEqual(
      expect.objectContaining({ service: 'orders', msg: 'begins', hasMeter: 'function' }),
    );
  });

  it('stop while requests are still answered, before any resource is closed', async () => {
    const events: string[] = [];
    const database: Resource = {
      name: 'database',
      kind: 'database',
      check: () => Promise.resolve(),
      close: () => Promise.resolve(void events.push('close database')),
    };
    const outbox: Resource = {
      ...database,
      name: 'outbox',
      kind: 'relay',
      close: () => Promise.resolve(void events.push('close outbox')),
    };
    const { start, stop, url } = await compose({
      resources: [database, worker(events), outbox],
      routes: (app) =>
        void app.get('/slow', async () => {
          await sleep(200);
          events.push('answer');
          return {};
        }),
    });
    await start();
    const call = fetch(`${url}/slow`);
    await sleep(80);
    await stop();
    expect((await call).status).toBe(200);
    expect(events).toEqual(['start', 'stop', 'answer', 'close outbox', 'close', 'close database']);
  });
});

describe('stop', () => {
  it('stops once, even if it is called several times', async () => {
    let closed = 0;
    const cache: Resource = {
      name: 'cache',
      kind: 'cache',
      check: () => Promise.resolve(),
      close: () => Promise.resolve(void closed++),
    };
    const { start, stop } = await compose({ resources: [cache] });
    await start();
    await Promise.all([stop(), stop()]);
    await stop();
    expect(closed).toBe(1);
  });

  it('reports what it is waiting for', async () => {
    const { start, stop, underWay, url } = await compose({
      routes: (app) => void app.get('/orders/:id', () => sleep(200, {})),
    });
    await start();
    const call = fetch(`${url}/orders/12?token=hunter2`);
    await sleep(80);
    const stopping = stop();
    expect(underWay()).toEqual(['GET /orders/12']);
    expect((await call).status).toBe(200);
    await stopping;
    expect(underWay()).toEqual([]);
  });
});
