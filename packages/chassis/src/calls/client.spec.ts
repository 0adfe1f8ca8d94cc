import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fastify, type FastifyInstance } from 'fastify';
import { Agent, setGlobalDispatcher } from 'undici';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { freePort } from '../../../../tools/testing/free-port.js';
import {
  requestContext,
  requestIdOptions,
  runInContext,
  type RequestContext,
} from '../context/request-context.js';
import { errorAnswers } from '../errors/errors.js';
import { failure } from '../testing/call-failure.js';
import { closedUrl, startProvider, type Provider } from '../testing/provider.js';
import { runWith } from '../testing/run-with.js';
import { createClient, type Client, type ClientOptions } from './client.js';

const log = { info: vi.fn(), warn: vi.fn() };
let provider: Provider;

beforeEach(async () => {
  provider = await startProvider();
  log.info.mockClear();
  log.warn.mockClear();
});
afterEach(() => provider.close());

function client(options: ClientOptions = {}): Client {
  return createClient('orders', { url: provider.url, timeoutMs: 1000, log, ...options });
}

function status(code: number, headers: Record<string, string> = {}, body = '{}'): RequestListener {
  return (_request, response) => response.writeHead(code, headers).end(body);
}

const silent: RequestListener = () => undefined;

/** Gives the answers in order, then repeats the last one. */
function sequence(...listeners: RequestListener[]): RequestListener {
  let next = 0;
  return (request, response) =>
    listeners[Math.min(next++, listeners.length - 1)]?.(request, response);
}

function within<T>(ms: number, work: () => Promise<T>, more: Partial<RequestContext> = {}) {
  const deadline = performance.now() + ms;
  return runInContext({ requestId: 'r-1', deadline, ...more }, work);
}

describe('a call', () => {
  it('sends query, JSON and headers, and returns the JSON of the answer', async () => {
    let body = '';
    provider.answer((request, response) => {
      request.on('data', (data: Buffer) => (body += data.toString()));
      request.on('end', () => response.end('{"id":7}'));
    });
    const query = { page: 2, q: 'a&b', none: undefined };
    const headers = { 'X-Shop': 'one' };
    const json = { total: 3 };
    expect(await client().post('/orders', { query, headers, json })).toEqual({ id: 7 });
    expect(body).toBe('{"total":3}');
    expect(provider.requests[0]).toMatchObject({ method: 'POST', url: '/orders?page=2&q=a%26b' });
    expect(provider.requests[0]?.headers).toMatchObject({
      'x-shop': 'one',
      accept: 'application/json',
      'content-type': 'application/json',
    });
  });

  it('passes on the request context, but the user only if told to', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const context = { requestId: 'r-1', traceparent, authorization: 'Bearer abc' };
    await runInContext(context, () => client({ serviceKey: 'k' }).get('/'));
    await runInContext(context, () => client({ forwardAuth: true }).get('/'));
    const [first, second] = provider.requests.map(({ headers }) => headers);
    expect(first).toMatchObject({ 'x-request-id': 'r-1', traceparent, 'x-service-key': 'k' });
    expect(first).toMatchObject({ 'x-deadline-ms': '1000' });
    expect(first?.authorization).toBeUndefined();
    expect(second?.authorization).toBe('Bearer abc');
  });

  it('keeps the path of the base URL', async () => {
    await client({ url: `${provider.url}/v1/` }).get('/orders');
    expect(provider.requests[0]?.url).toBe('/v1/orders');
  });

  it('returns no body if the answer has none', async () => {
    provider.answer((_request, response) => response.writeHead(204).end());
    expect(await client().delete('/orders/7')).toBeUndefined();
  });

  it('returns status and headers', async () => {
    provider.answer(status(201, { location: '/orders/8' }));
    const answer = await client().request('POST', '/orders');
    expect(answer).toMatchObject({ status: 201, body: {} });
    expect(answer.headers.get('location')).toBe('/orders/8');
  });

  it('checks the answer with the schema', async () => {
    provider.answer(status(200, {}, '{"id":"7","name":null}'));
    const schema = z.object({ id: z.coerce.number(), name: z.string() });
    const error = await failure(client().get('/orders/7', { schema }));
    expect(error).toMatchObject({ kind: 'invalid-answer', status: 200, statusCode: 502 });
    expect(error.message).toMatch(
      /^orders answered GET \/orders\/7 with 200 and an invalid body: name: /,
    );
    const loose = z.object({ id: z.coerce.number() });
    expect(await client().get('/orders/7', { schema: loose })).toEqual({ id: 7 });
  });

  it('does not parse an HTML page as JSON', async () => {
    provider.answer(status(200, { 'content-type': 'text/html' }, '<h1>hello</h1>'));
    const error = await failure(client().get('/'));
    expect(error).toMatchObject({ kind: 'invalid-answer', attempts: 1 });
    expect(error.message).toContain('not JSON (content-type text/html)');
  });

  it('does not follow redirects, which could send the key elsewhere', async () => {
    provider.answer(status(302, { location: 'http://elsewhere.invalid/' }));
    const error = await failure(client({ serviceKey: 'k' }).get('/'));
    expect(error).toMatchObject({ kind: 'refused', status: 302, statusCode: 502 });
  });

  it("ends when its signal fires, with the signal's reason", async () => {
    provider.answer(silent);
    const controller = new AbortController();
    const call = client().get('/', { signal: controller.signal });
    const ended = expect(call).rejects.toThrow('changed my mind');
    await expect.poll(() => provider.requests.length, { timeout: 900 }).toBe(1);
    controller.abort(new Error('changed my mind'));
    await ended;
    expect(provider.requests).toHaveLength(1);
  });

  it('throws errors in the request itself unchanged', async () => {
    const call = client().get('/', { headers: { 'x-a': 'line\nbreak' } });
    await expect(call).rejects.toBeInstanceOf(TypeError);
  });
});

describe('connections', () => {
  it('are reused by calls that follow each other', async () => {
    for (let count = 0; count < 20; count++) await client().get('/');
    const sockets = new Set(provider.requests.map(({ socket }) => socket));
    expect(sockets.size).toBeLessThan(20);
  });

  it('are closed before a stopping provider would close them during a request', async () => {
    await client().get('/');
    const { socket } = provider.requests[0]!;
    const idle = performance.now();
    // The provider itself would keep it for five seconds, of which fetch uses only three.
    if (!socket.destroyed) await once(socket, 'close');
    expect(performance.now() - idle).toBeLessThan(1500);
  });

  it('use the dispatcher of the process if code has set one', async () => {
    // Which dispatcher `fetch` uses depends on the version of Node, which undici knows.
    const names = ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'].map(Symbol.for);
    const known = globalThis as { [key: symbol]: unknown };
    const before = names.map((name) => known[name]);
    const agent = new Agent();
    const dispatch = vi.spyOn(agent, 'dispatch').mockImplementation(() => {
      throw new Error('through the proxy');
    });
    setGlobalDispatcher(agent);
    try {
      await failure(client({ retries: 0 }).get('/'));
    } finally {
      names.forEach((name, index) => (known[name] = before[index]));
    }
    expect(dispatch).toHaveBeenCalledOnce();
    expect(provider.requests).toEqual([]);
  });
});

describe('retries', () => {
  it('repeat requests that are safe to repeat', async () => {
    provider.answer(sequence(status(503), status(502), status(200)));
    expect(await client().get('/')).toEqual({});
    expect(provider.requests).toHaveLength(3);
  });

  it('do not repeat a POST, unless it has an idempotency-key', async () => {
    provider.answer(status(503));
    expect(await failure(client().post('/'))).toMatchObject({ attempts: 1, statusCode: 503 });
    const headers = { 'Idempotency-Key': 'order-7' };
    expect(await failure(client().post('/', { headers }))).toMatchObject({ attempts: 3 });
  });

  it('repeat a POST that was never sent, as while its provider is replaced', async () => {
    const port = await freePort();
    const call = client({ url: `http://127.0.0.1:${port}` }).post('/orders', { json: {} });
    await sleep(20);
    const back = await startProvider(port);
    try {
      expect(await call).toEqual({});
      expect(back.requests).toHaveLength(1);
    } finally {
      await back.close();
    }
    const unknown = client({ url: 'http://orders.invalid:3001' });
    expect(await failure(unknown.post('/'))).toMatchObject({ kind: 'unreachable', attempts: 3 });
  });

  it('do not repeat a POST whose connection broke, because it may have been processed', async () => {
    provider.answer((request) => request.socket.resetAndDestroy());
    expect(await failure(client().post('/'))).toMatchObject({ kind: 'unreachable', attempts: 1 });
    expect(provider.requests).toHaveLength(1);
  });

  it.each([400, 401, 404, 409, 429, 500, 501])('do not follow a %i', async (code) => {
    provider.answer(status(code));
    const statusCode = code === 429 ? 503 : 502;
    const expected = { kind: 'refused', status: code, attempts: 1, statusCode };
    expect(await failure(client().get('/'))).toMatchObject(expected);
  });

  it('end after the configured number', async () => {
    const url = await closedUrl();
    const error = await failure(client({ url, retries: 1 }).get('/orders/7?token=secret'));
    expect(error).toMatchObject({ kind: 'unreachable', attempts: 2, statusCode: 503 });
    expect(error.message).toMatch(
      /^orders cannot be reached for GET \/orders\/7: connect ECONNREFUSED [\d.:]+ \(2 attempts, \d+ ms\)$/,
    );
  });

  it('follow a connection that breaks during an answer', async () => {
    provider.answer(
      sequence((_request, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{');
        setTimeout(() => response.destroy(), 20);
      }, status(200)),
    );
    expect(await client().get('/')).toEqual({});
  });

  it('follow a timeout', async () => {
    provider.answer(sequence(silent, status(200)));
    expect(await client({ timeoutMs: 200 }).get('/')).toEqual({});
  });

  it('wait as long as Retry-After says', async () => {
    provider.answer(sequence(status(503, { 'retry-after': '1' }), status(200)));
    const started = performance.now();
    await client({ timeoutMs: 2000 }).get('/');
    expect(performance.now() - started).toBeGreaterThan(990);
  });

  it('do not happen if Retry-After is longer than the time limit of an attempt', async () => {
    provider.answer(status(503, { 'retry-after': '120' }));
    expect(await failure(client().get('/'))).toMatchObject({ attempts: 1, status: 503 });
  });
});

describe('the deadline of the caller', () => {
  it('ends a call, and is passed on', async () => {
    provider.answer(silent);
    const error = await within(300, () => failure(client().get('/')));
    expect(error).toMatchObject({ kind: 'timeout', attempts: 1, statusCode: 504 });
    expect(error.durationMs).toBeLessThan(500);
    const passed = Number(provider.requests[0]?.headers['x-deadline-ms']);
    expect(passed).toBeGreaterThan(200);
    expect(passed).toBeLessThanOrEqual(300);
  });

  it('ends retries', async () => {
    provider.answer(status(503, { 'retry-after': '1' }));
    const error = await within(500, () => failure(client().get('/')));
    expect(error).toMatchObject({ kind: 'refused', attempts: 1 });
    expect(error.durationMs).toBeLessThan(400);
  });

  it('that has passed keeps the call from being sent', async () => {
    const error = await within(0, () => failure(client().get('/')));
    expect(error).toMatchObject({ kind: 'timeout', attempts: 0, statusCode: 504 });
    expect(error.message).toBe("orders was not called for GET /: the caller's deadline has passed");
    expect(provider.requests).toHaveLength(0);
  });

  it('covers a slow discovery', async () => {
    const discover = () => sleep(5000, provider.url, { ref: false });
    const slow = createClient('orders', { discover, timeoutMs: 100, retries: 0, log });
    expect(await failure(slow.get('/'))).toMatchObject({ kind: 'timeout' });
  });
});

describe('the breaker', () => {
  const breaker = { minimumCalls: 4, windowMs: 10_000, resetMs: 200 };
  const options: ClientOptions = { retries: 0, timeoutMs: 200, breaker };

  async function open(target: Client) {
    provider.answer(status(500));
    for (let i = 0; i < 4; i++) await failure(target.get('/'));
    expect(target.breaker).toBe('open');
  }

  it('opens after failures, and then sends no calls', async () => {
    const target = client(options);
    await open(target);
    const error = await failure(target.get('/'));
    expect(error).toMatchObject({ kind: 'open', attempts: 0, statusCode: 503 });
    expect(error.durationMs).toBeLessThan(50);
    expect(provider.requests).toHaveLength(4);
    expect(log.warn).toHaveBeenCalledOnce();
  });

  it('lets one call through after a while, and closes with it', async () => {
    const target = client(options);
    await open(target);
    await sleep(220);
    provider.answer((_request, response) => setTimeout(() => response.end('{}'), 50));
    const calls = [target.get('/'), failure(target.get('/')), failure(target.get('/'))] as const;
    const [first, second, third] = await Promise.all(calls);
    expect([first, second.kind, third.kind]).toEqual([{}, 'open', 'open']);
    expect(target.breaker).toBe('closed');
    expect(log.info).toHaveBeenCalledOnce();
  });

  it('stays open if that call fails', async () => {
    const target = client(options);
    await open(target);
    await sleep(220);
    expect(await failure(target.get('/'))).toMatchObject({ kind: 'refused' });
    expect(target.breaker).toBe('open');
  });

  it('stays open if that call is cancelled', async () => {
    const target = client(options);
    await open(target);
    await sleep(220);
    provider.answer(silent);
    await expect(target.get('/', { signal: AbortSignal.timeout(50) })).rejects.toThrow();
    expect(target.breaker).toBe('open');
  });

  it('does not count 4xx', async () => {
    const target = client(options);
    provider.answer(status(404));
    for (let i = 0; i < 10; i++) await failure(target.get('/'));
    expect(target.breaker).toBe('closed');
  });

  it('does not count callers with very short deadlines', async () => {
    const target = client(options);
    provider.answer(silent);
    for (let i = 0; i < 6; i++) await within(20, () => failure(target.get('/')));
    expect(target.breaker).toBe('closed');
    for (let i = 0; i < 5; i++) await failure(target.get('/'));
    expect(target.breaker).toBe('open');
  });

  it('ends retries with the last failure, not with its own opening', async () => {
    provider.answer(status(503));
    const target = client({ retries: 9, breaker: { ...breaker, resetMs: 60_000 } });
    expect(await failure(target.get('/'))).toMatchObject({ kind: 'refused', attempts: 4 });
  });
});

describe('secrets', () => {
  it('in a URL are in no message', () => {
    for (const url of ['http://me:hunter2@orders:3001', 'me:hunter2@orders', 'ftp://hunter2']) {
      expect(() => client({ url })).toThrow(/^the URL of "orders" must/);
      expect(() => client({ url })).not.toThrow(/hunter2/);
    }
  });

  it('in an answer are in no property that a logger would print', async () => {
    provider.answer(status(409, {}, '{"password":"hunter2"}'));
    const error = await failure(client().post('/'));
    expect(error.body()).toBe('{"password":"hunter2"}');
    expect(JSON.stringify({ ...error })).not.toContain('hunter2');
    expect(Object.keys(error)).not.toContain('body');
  });
});

describe('retries over several hops', () => {
  /** A service that calls `next` for each request. If that fails, it answers 502 to 504 like the chassis. */
  async function hop(next: string): Promise<FastifyInstance> {
    const app = fastify(requestIdOptions());
    requestContext(app);
    errorAnswers(app);
    const caller = createClient('next', { url: next, log, timeoutMs: 5000 });
    app.get('/', () => caller.get('/'));
    await app.listen({ port: 0, host: '127.0.0.1' });
    return app;
  }
  const urlOf = ({ server }: FastifyInstance) =>
    `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function throughTwoHops(listener: RequestListener, timeoutMs: number) {
    provider.answer(listener);
    const second = await hop(provider.url);
    const first = await hop(urlOf(second));
    const caller = client({ url: urlOf(first), timeoutMs });
    const error = await failure(caller.get('/'));
    await Promise.all([first.close(), second.close()]);
    return { error, asked: provider.requests };
  }

  it('are made only by the service right before the failure', async () => {
    const { error, asked } = await throughTwoHops(status(503), 20_000);
    expect(error).toMatchObject({ kind: 'refused', status: 503, attempts: 1 });
    expect(asked).toHaveLength(3);
  });

  it('are announced to the provider, which then makes none itself', async () => {
    provider.answer(sequence(status(503), status(503), status(200)));
    await client().get('/');
    const marks = provider.requests.map(({ headers }) => headers['x-retry-attempt']);
    expect(marks).toEqual([undefined, '1', '1']);
    provider.requests.length = 0;
    provider.answer(status(503));
    const context: RequestContext = { requestId: 'r-1', isRetry: true };
    await runInContext(context, () => failure(client().get('/')));
    expect(provider.requests).toHaveLength(1);
    expect(provider.requests[0]!.headers['x-retry-attempt']).toBe('1');
  });
});

describe('the proxy of the environment', () => {
  it('is not used for calls between services', async () => {
    const { status: ended, stdout } = await runWith(
      { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: await closedUrl(), http_proxy: await closedUrl() },
      `import { createClient } from '${new URL('./client.ts', import.meta.url).href}';
       console.log(JSON.stringify(await createClient('orders', { url: process.argv[1] }).get('/')));`,
      provider.url,
    );
    expect(ended).toBe(0);
    expect(stdout.trim()).toBe('{}');
    expect(provider.requests).toHaveLength(1);
  });
});
