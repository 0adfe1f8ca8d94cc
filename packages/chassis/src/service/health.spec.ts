import { setTimeout as sleep } from 'node:timers/promises';
import { fastify } from 'fastify';
import { describe, expect, it, vi } from 'vitest';
import { health, ResourceChecks } from './health.js';
import { Lifecycle } from './lifecycle.js';
import type { Resource } from './resource.js';

function resource(name: string, check: Resource['check']): Resource {
  return { name, kind: 'database', check, close: () => Promise.resolve() };
}

const up = () => Promise.resolve();
const down = () => Promise.reject(new Error('connect ECONNREFUSED postgres://me:hunter2@db'));

function appWith(resources: readonly Resource[], timeoutMs = 1000) {
  const app = fastify();
  const lifecycle = new Lifecycle();
  health(app, { lifecycle, resources, timeoutMs });
  return { app, lifecycle };
}

describe('/health', () => {
  it('does not check resources', async () => {
    const check = vi.fn(down);
    const response = await appWith([resource('database', check)]).app.inject('/health');
    expect(response.statusCode).toBe(200);
    expect(check).not.toHaveBeenCalled();
  });
});

describe('/ready', () => {
  it('is 503 during startup, even if all resources answer', async () => {
    const response = await appWith([resource('database', up)]).app.inject('/ready');
    expect(response.statusCode).toBe(503);
    const body = { ready: false, state: 'starting', checks: { database: 'ok' } };
    expect(response.json()).toEqual(body);
  });

  it('is 200 if the service is ready and all resources answer', async () => {
    const { app, lifecycle } = appWith([resource('database', up), resource('cache', up)]);
    lifecycle.ready();
    const response = await app.inject('/ready');
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({ ready: true, checks: { database: 'ok', cache: 'ok' } });
    expect(response.headers['cache-control']).toBe('no-store');
  });

  it('names the resource that fails, without secrets', async () => {
    const { app, lifecycle } = appWith([resource('database', down), resource('cache', up)]);
    lifecycle.ready();
    const response = await app.inject('/ready');
    expect(response.statusCode).toBe(503);
    expect(response.json()).toEqual({
      ready: false,
      state: 'ready',
      checks: { database: 'connect ECONNREFUSED postgres://***@db', cache: 'ok' },
    });
  });

  it('treats a resource that throws as one that fails', async () => {
    const { app } = appWith([
      resource('database', () => {
        throw new Error('not connected');
      }),
    ]);
    const response = await app.inject('/ready');
    expect(response.json()).toMatchObject({ checks: { database: 'not connected' } });
  });

  it('is 503 from the start of a stop, and checks nothing more', async () => {
    const check = vi.fn(up);
    const { app, lifecycle } = appWith([resource('database', check)]);
    lifecycle.ready();
    lifecycle.stop();
    const response = await app.inject('/ready');
    expect(response.statusCode).toBe(503);
    expect(response.json()).toEqual({ ready: false, state: 'stopping', checks: {} });
    expect(check).not.toHaveBeenCalled();
  });

  it('is 503 if the stop begins during a check', async () => {
    const { app, lifecycle } = appWith([resource('database', () => sleep(30))]);
    lifecycle.ready();
    const response = app.inject('/ready');
    await sleep(10);
    lifecycle.stop();
    expect((await response).statusCode).toBe(503);
  });

  it('does not wait for a resource that hangs and ignores its signal', async () => {
    let aborted = false;
    const hang = (signal: AbortSignal) => {
      signal.addEventListener('abort', () => (aborted = true));
      return new Promise<void>(() => {});
    };
    const { app } = appWith([resource('database', hang), resource('cache', up)], 20);
    const response = await app.inject('/ready');
    const checks = { database: 'no answer within 20 ms', cache: 'ok' };
    expect(response.json()).toMatchObject({ checks });
    expect(aborted).toBe(true);
  });
});

describe('ResourceChecks', () => {
  it('shares one check among probes within 250 ms', async () => {
    const check = vi.fn(up);
    const checks = new ResourceChecks([resource('database', check)], 1000);
    await Promise.all([checks.run(), checks.run()]);
    await checks.run();
    expect(check).toHaveBeenCalledTimes(1);
    await sleep(260);
    await checks.run();
    expect(check).toHaveBeenCalledTimes(2);
  });

  it('shares a check that takes longer', async () => {
    const check = vi.fn(() => sleep(400));
    const checks = new ResourceChecks([resource('database', check)], 1000);
    const first = checks.run();
    await sleep(300);
    await Promise.all([first, checks.run()]);
    expect(check).toHaveBeenCalledTimes(1);
  });

  it('logs a failure once and its end once', async () => {
    let failing = true;
    const heard: string[] = [];
    const flaky = resource('database', () => (failing ? down() : up()));
    const checks = new ResourceChecks([flaky], 1000, (name) => heard.push(name));
    await checks.run();
    await sleep(260);
    await checks.run();
    expect(heard).toHaveLength(1);
    failing = false;
    await sleep(260);
    await checks.run();
    expect(heard).toHaveLength(2);
  });
});
