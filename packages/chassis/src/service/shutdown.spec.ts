import { connect } from 'node:net';
import { Agent, get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fastify } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { startExample, type ServiceProcess } from '../testing/service-process.js';
import type { Resource, ResourceKind } from './resource.js';
import { closeResources, drain, OpenRequests } from './shutdown.js';

describe('closeResources', () => {
  const closed: string[] = [];
  const resource = (name: string, kind: ResourceKind, ms = 0): Resource => ({
    name,
    kind,
    check: () => Promise.resolve(),
    close: async () => {
      await sleep(ms);
      if (name === 'broken') throw new Error('gone');
      closed.push(name);
    },
  });

  afterEach(() => void closed.splice(0));

  it('waits for one kind before it closes the next', async () => {
    await closeResources([
      resource('database', 'database'),
      resource('cache', 'cache', 10),
      resource('broker', 'broker', 20),
    ]);
    expect(closed).toEqual(['broker', 'cache', 'database']);
  });

  it('closes the others if one fails, and then reports it', async () => {
    const closing = closeResources([resource('database', 'database'), resource('broken', 'cache')]);
    const error = await closing.catch((error: unknown) => error);
    expect(error).toBeInstanceOf(AggregateError);
    expect(String((error as AggregateError).errors[0])).toContain('broken could not be closed');
    expect(closed).toEqual(['database']);
  });
});

describe('drain', () => {
  it('does not wait for a connection that never sent a request', async () => {
    const app = fastify({ forceCloseConnections: 'idle' });
    const requests = new OpenRequests(app);
    app.get('/', () => ({}));
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await once(socket, 'connect');
    const startedAt = performance.now();
    await drain(app, requests);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    socket.destroy();
  });

  it('closes WebSockets that have no owner, and does not wait for them', async () => {
    const app = fastify({ forceCloseConnections: 'idle' });
    const requests = new OpenRequests(app);
    new WebSocketServer({ server: app.server }).on('connection', (socket) => socket.send('hello'));
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    const socket = new WebSocket(url);
    const closed = once(socket, 'close');
    await once(socket, 'message');
    // One whose caller neither answers nor reads any more.
    const silent = new WebSocket(url);
    await once(silent, 'open');
    silent.pause();
    const startedAt = performance.now();
    await drain(app, requests);
    expect((await closed)[0]).toBe(1001);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    silent.terminate();
  });

  it('passes requests with an upgrade to the app if nothing handles upgrades', async () => {
    const app = fastify({ forceCloseConnections: 'idle' });
    const requests = new OpenRequests(app);
    app.get('/', () => 'plain');
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    const headers = { connection: 'upgrade', upgrade: 'websocket' };
    const [response] = (await once(get(url, { headers }), 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    response.resume();
    await drain(app, requests);
  });

  it('forgets requests whose caller hung up', async () => {
    const app = fastify();
    const requests = new OpenRequests(app);
    app.get('/', () => new Promise(() => {}));
    const url = await app.listen({ port: 0 });
    const caller = new AbortController();
    const call = fetch(url, { signal: caller.signal }).catch(() => {});
    while (requests.size === 0) await sleep(5);
    expect(requests.describe()).toEqual(['GET /']);
    caller.abort();
    await call;
    while (requests.size > 0) await sleep(5);
    await drain(app, requests);
  });
});

describe('a process', () => {
  let service: ServiceProcess | undefined;

  afterEach(async () => {
    service?.signal('SIGKILL');
    await service?.exited;
  });

  const messagesOf = (process: ServiceProcess) => process.messages().map(({ msg }) => msg);

  it('answers open requests, closes resources in order and ends with 0', async () => {
    service = await startExample();
    const agent = new Agent({ keepAlive: true });
    // An idle keep-alive connection.
    await statusOf(`${service.url}/health`, agent);
    const slow = fetch(`${service.url}/slow/600`);
    const stream = fetch(`${service.url}/stream`).then((response) => response.text());
    await sleep(200);
    const startedAt = performance.now();
    service.signal('SIGTERM');
    const answer = await slow;
    expect(answer.status).toBe(200);
    expect(answer.headers.get('connection')).toBe('close');
    expect(await answer.json()).toEqual({ waited: '600' });
    expect(await stream).toBe('begin end');
    expect(await service.exited).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(messagesOf(service).slice(-4)).toEqual([
      'closed broker',
      'closed cache',
      'closed database',
      'stopped',
    ]);
    agent.destroy();
  });

  it('ends event streams when it begins to stop, also new ones', async () => {
    service = await startExample({ STOP_DELAY_MS: '500' });
    const streams = [fetch(`${service.url}/events`), fetch(`${service.url}/events`)];
    const first = await Promise.all(streams);
    service.signal('SIGTERM');
    for (const stream of first) expect(await stream.text()).toContain('data: tick');
    const late = await fetch(`${service.url}/events`);
    expect(await late.text()).toContain('data: tick');
    expect(await service.exited).toBe(0);
    expect(messagesOf(service).slice(-2)).toEqual(['closed database', 'stopped']);
  });

  it('says 503 on /ready while it still accepts requests', async () => {
    service = await startExample({ STOP_DELAY_MS: '500' });
    expect((await fetch(`${service.url}/ready`)).status).toBe(200);
    service.signal('SIGTERM');
    await sleep(100);
    const response = await fetch(`${service.url}/ready`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ ready: false, state: 'stopping', checks: {} });
    expect((await fetch(`${service.url}/slow/1`)).status).toBe(200);
    expect(await service.exited).toBe(0);
  });

  it('ends with 1 after the time limit, and says what was still open', async () => {
    service = await startExample({ STOP_TIMEOUT_MS: '300' });
    const slow = fetch(`${service.url}/slow/60000`).catch(() => 'cut');
    await sleep(200);
    service.signal('SIGTERM');
    expect(await service.exited).toBe(1);
    expect(await slow).toBe('cut');
    expect(service.messages().at(-1)).toMatchObject({
      level: 'fatal',
      msg: 'not stopped within 300 ms',
      underWay: ['GET /slow/60000'],
    });
  });

  it('names a resource that does not close', async () => {
    service = await startExample({ STOP_TIMEOUT_MS: '800', CLOSE_MS: '60000' });
    service.signal('SIGTERM');
    expect(await service.exited).toBe(1);
    expect(service.messages().at(-1)).toMatchObject({
      underWay: ['closing database', 'closing cache', 'closing broker'],
    });
  });

  it('ends immediately on a second signal', async () => {
    service = await startExample();
    const slow = fetch(`${service.url}/slow/60000`).catch(() => 'cut');
    await sleep(200);
    service.signal('SIGTERM');
    await sleep(100);
    const startedAt = performance.now();
    service.signal('SIGINT');
    expect(await service.exited).toBe(1);
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect(await slow).toBe('cut');
  });

  it('logs an uncaught error, stops in order and ends with 1', async () => {
    service = await startExample();
    await fetch(`${service.url}/throw`, { method: 'POST' });
    expect(await service.exited).toBe(1);
    expect(service.messages()).toContainEqual(
      expect.objectContaining({
        level: 'fatal',
        err: expect.objectContaining({ message: 'nobody catches this' }) as object,
      }),
    );
    expect(messagesOf(service)).toContain('closed database');
  });

  it('stays up without its database, not ready', async () => {
    service = await startExample({ DATABASE: 'down', STOP_DELAY_MS: '0' });
    await sleep(300);
    const response = await fetch(`${service.url}/ready`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      state: 'starting',
      checks: { database: 'refused' },
    });
    expect((await fetch(`${service.url}/health`)).status).toBe(200);
    service.signal('SIGTERM');
    expect(await service.exited).toBe(0);
  });

  it('ends with 1 and all problems if its configuration is invalid', async () => {
    service = await startExample({ PORT: 'x', METRICS: 'maybe' });
    expect(await service.exited).toBe(1);
    expect(service.output()).toBe(
      [
        'The configuration of example is not valid:',
        '  PORT: expected a port between 1 and 65535',
        '  METRICS: Invalid option: expected one of "on"|"off"',
        '',
      ].join('\n'),
    );
  });

  it('ends with 1 if its port is taken', async () => {
    service = await startExample();
    const second = await startExample({ PORT: String(service.port) });
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain('EADDRINUSE');
    expect(second.output()).toContain('could not start');
  });
});

async function statusOf(url: string, agent: Agent): Promise<number> {
  const request = get(url, { agent });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.statusCode!;
}
