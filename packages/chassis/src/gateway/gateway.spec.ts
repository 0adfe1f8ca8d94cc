import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { jwt } from '../auth/jwt.js';
import { cors } from '../service/web.js';
import { startGateway, type TestGateway } from '../testing/gateway.js';
import { startProvider, type Provider } from '../testing/provider.js';
import type { GatewayOptions, ProviderRoute } from './gateway.js';
import { rateLimit } from './rate-limit.js';

let orders: Provider;
let edge: TestGateway | undefined;

beforeEach(async () => {
  orders = await startProvider();
});
afterEach(async () => {
  vi.useRealTimers();
  await edge?.service.stop();
  edge = undefined;
  await orders.close();
});

async function start(
  routes: readonly ProviderRoute[] = [{ path: '/api/orders' }],
  more: Partial<GatewayOptions> = {},
  before?: Parameters<typeof startGateway>[1],
): Promise<TestGateway> {
  const providers = [{ service: 'orders', url: orders.url, routes }];
  return (edge = await startGateway({ providers, ...more }, before));
}

describe('a route', () => {
  it('reaches the provider unchanged, with method, query, body and answer', async () => {
    const { url } = await start();
    orders.answer((request, response) => {
      response.writeHead(201, { 'content-type': 'text/plain', 'x-own': 'yes' });
      response.write(`${request.method} ${request.url} `);
      request.pipe(response);
    });
    const answer = await fetch(`${url}/api/orders/a%20b?page=2&q=%26`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"not":   "touched"}',
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('x-own')).toBe('yes');
    expect(await answer.text()).toBe('POST /api/orders/a%20b?page=2&q=%26 {"not":   "touched"}');
  });

  it.each(['text/plain', 'application/octet-stream', 'application/json', ''])(
    'passes a body of type "%s" on as it is, however long',
    async (type) => {
      const { url } = await start();
      let received = 0;
      orders.answer((request, response) => {
        request.on('data', (chunk: Buffer) => (received += chunk.length));
        request.on('end', () => response.end('{}'));
      });
      const body = Buffer.alloc(3_000_000, 'x');
      const headers: Record<string, string> = type === '' ? {} : { 'content-type': type };
      const answer = await fetch(`${url}/api/orders`, { method: 'PUT', headers, body });
      expect(answer.status).toBe(200);
      expect(received).toBe(body.length);
    },
  );

  it('matches its own path and those below it, and the longest match wins', async () => {
    const archive = await startProvider();
    try {
      const at = (service: string, provider: Provider, path: string) => {
        provider.answer((_request, response) => response.end(service));
        return { service, url: provider.url, routes: [{ path }] };
      };
      const { url } = (edge = await startGateway({
        providers: [
          at('orders', orders, '/api/orders'),
          at('archive', archive, '/api/orders/archive'),
        ],
      }));
      const served = async (path: string) => {
        const answer = await fetch(url + path);
        return answer.ok ? await answer.text() : answer.status;
      };
      expect(await served('/api/orders')).toBe('orders');
      expect(await served('/api/orders/')).toBe('orders');
      expect(await served('/api/orders/archives')).toBe('orders');
      expect(await served('/api/orders/archive/1')).toBe('archive');
      expect(await served('/api/orders-archive')).toBe(404);
      expect(await served('/api')).toBe(404);
      for (const path of ['/api/orders/%2e%2e/%2e%2e/ready', '/api/orders/../../ready']) {
        expect((await send(url, { path })).statusCode).toBe(400);
      }
    } finally {
      await archive.close();
    }
  });

  it('keeps the base path of the URL of a provider', async () => {
    edge = await startGateway({
      providers: [
        { service: 'orders', url: `${orders.url}/v2/`, routes: [{ path: '/api/orders' }] },
      ],
    });
    await fetch(`${edge.url}/api/orders/1`);
    expect(orders.requests[0]?.url).toBe('/v2/api/orders/1');
  });
});

describe('headers', () => {
  async function received(headers: Record<string, string>, options?: Partial<GatewayOptions>) {
    const { url } = await start(undefined, options);
    await fetch(`${url}/api/orders`, { headers });
    return orders.requests[0]!.headers;
  }

  it("contain the context: request id, trace, deadline, and the caller's address", async () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const sent = { 'x-request-id': 'abc', traceparent, authorization: 'Bearer x' };
    const headers = await received(sent, { callersAreInside: true });
    expect(headers).toMatchObject({
      'x-request-id': 'abc',
      traceparent,
      authorization: 'Bearer x',
      'x-deadline-ms': '10000',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': new URL(edge!.url).host,
      host: new URL(orders.url).host,
    });
  });

  it('from outside cannot set what only the platform may set', async () => {
    const headers = await received({
      'x-service-key': 'stolen',
      'x-deadline-ms': '3600000',
      'x-forwarded-for': '10.0.0.1',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-prefix': '/admin',
      'x-real-ip': '10.0.0.1',
      forwarded: 'for=10.0.0.1',
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      tracestate: 'a=b',
      'x-retry-attempt': '1',
      'x-user-id': 'admin',
      'x-user': 'admin',
      'x-auth-request-email': 'admin@example.com',
      'x-remote-user': 'admin',
      'x-request-id': 'two words',
    });
    for (const name of [
      'x-service-key',
      'x-forwarded-prefix',
      'x-real-ip',
      'forwarded',
      'traceparent',
      'tracestate',
      'x-retry-attempt',
      'x-user-id',
      'x-user',
      'x-auth-request-email',
      'x-remote-user',
    ]) {
      expect(headers).not.toHaveProperty(name);
    }
    expect(headers['x-forwarded-for']).toBe('127.0.0.1');
    expect(headers['x-forwarded-host']).toBe(new URL(edge!.url).host);
    expect(headers['x-deadline-ms']).toBe('10000');
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{32,36}$/);
  });

  it.each<Record<string, string>>([
    { 'x-deadline-ms': '0' },
    { traceparent: `01-${'a'.repeat(32)}-${'b'.repeat(16)}-01-${'c'.repeat(6000)}` },
  ])(
    'that are invalid from outside cause no error in the log, and are not passed on: %j',
    async (claims) => {
      const headers = await received(claims);
      expect(headers['x-deadline-ms']).toBe('10000');
      expect(headers).not.toHaveProperty('traceparent');
      expect(edge!.lines.filter(({ level }) => level === 'error')).toEqual([]);
    },
  );

  it('from inside with a deadline in the past are a 504, and no error in the log', async () => {
    const { url, lines } = await start(undefined, { callersAreInside: true });
    const answer = await fetch(`${url}/api/orders`, { headers: { 'x-deadline-ms': '0' } });
    expect(answer.status).toBe(504);
    expect(orders.requests).toEqual([]);
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('have the shorter deadline of the caller, and the key of the gateway', async () => {
    const headers = await received(
      { 'x-deadline-ms': '8000' },
      { serviceKey: 'k-1', callersAreInside: true },
    );
    expect(Number(headers['x-deadline-ms'])).toBeGreaterThan(2000);
    expect(Number(headers['x-deadline-ms'])).toBeLessThanOrEqual(8000);
    expect(headers['x-service-key']).toBe('k-1');
  });

  it('of a single connection are not passed on, in either direction', async () => {
    const { url } = await start();
    orders.answer((_request, response) => {
      response.writeHead(200, {
        connection: 'close, x-hop',
        'x-hop': '1',
        'keep-alive': 'timeout=9',
      });
      response.end('{}');
    });
    const answer = await send(`${url}/api/orders`, {
      headers: {
        connection: 'keep-alive, x-mine',
        'x-mine': '1',
        'keep-alive': 'timeout=5',
        te: 'trailers',
        'proxy-authorization': 'Basic x',
        'content-length': '0',
      },
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).not.toHaveProperty('x-hop');
    expect(answer.headers.connection).toBe('keep-alive');
    for (const name of ['x-mine', 'keep-alive', 'te', 'proxy-authorization', 'content-length']) {
      expect(orders.requests[0]!.headers, name).not.toHaveProperty(name);
    }
  });

  it("do not reveal the provider's address: a redirect to itself becomes one to the gateway", async () => {
    const { url } = await start();
    orders.answer((_request, response) => {
      response.writeHead(302, { location: `${orders.url}/api/orders/7` }).end();
    });
    const answer = await fetch(`${url}/api/orders`, { redirect: 'manual' });
    expect(answer.headers.get('location')).toBe('/api/orders/7');
  });
});

describe('streams', () => {
  it('an answer arrives before it is complete', async () => {
    const { url } = await start();
    const end = later<void>();
    orders.answer((_request, response) => {
      response.write('first');
      void end.promise.then(() => response.end('last'));
    });
    const answer = await fetch(`${url}/api/orders`);
    const reader = answer.body!.getReader();
    expect(Buffer.from((await reader.read()).value).toString()).toBe('first');
    end.resolve();
    expect(Buffer.from((await reader.read()).value).toString()).toBe('last');
  });

  it('a body arrives before it is complete, and its time does not count', async () => {
    const { url } = await start([{ path: '/api/orders', timeoutMs: 300 }]);
    const begun = later<string>();
    orders.answer((request, response) => {
      request.on('data', (chunk: Buffer) => begun.resolve(chunk.toString()));
      request.on('end', () => response.end('done'));
    });
    const upload = httpRequest(`${url}/api/orders`, { method: 'POST' });
    upload.write('first');
    expect(await begun.promise).toBe('first');
    for (let part = 0; part < 4; part++) {
      await sleep(150);
      upload.write('more');
    }
    upload.end();
    const [answer] = (await once(upload, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(200);
    // A deadline would have passed while the body was being sent.
    expect(orders.requests[0]!.headers).not.toHaveProperty('x-deadline-ms');
  });

  it('an upload waits for a provider that does not read, and is not stored in the gateway', async () => {
    const { url } = await start();
    const arrived = later<IncomingMessage>();
    orders.answer((request, response) => {
      arrived.resolve(request);
      request.on('end', () => response.end('{}'));
    });
    const upload = httpRequest(`${url}/api/orders`, { method: 'POST' });
    const answered = once(upload, 'response') as Promise<[IncomingMessage]>;
    const megabyte = Buffer.alloc(1_000_000);
    const drained = () => once(upload, 'drain').then(() => true);
    let sent = 0;
    const send = async (limit: number, patienceMs: number) => {
      while (sent < limit) {
        sent++;
        if (upload.write(megabyte)) continue;
        if (!(await Promise.race([drained(), sleep(patienceMs)]))) return;
      }
    };
    await send(200, 500);
    // Only what fits into the sockets' buffers; the rest waits at the caller.
    expect(sent).toBeLessThan(50);
    let received = 0;
    const request = await arrived.promise;
    request.on('data', (chunk: Buffer) => (received += chunk.length));
    await drained();
    await send(200, 25_000);
    upload.end();
    const [answer] = await answered;
    expect(answer.statusCode).toBe(200);
    expect(received).toBe(200_000_000);
  });

  it('ends the request to the provider if the caller hangs up', async () => {
    const { url } = await start();
    const arrived = later<IncomingMessage>();
    orders.answer((request) => arrived.resolve(request));
    const caller = new AbortController();
    const call = fetch(`${url}/api/orders`, { signal: caller.signal }).catch(() => undefined);
    const request = await arrived.promise;
    const closed = once(request.socket, 'close');
    caller.abort();
    await Promise.all([call, closed]);
  });

  it('answers "expect: 100-continue" itself', async () => {
    const { url } = await start();
    const upload = httpRequest(`${url}/api/orders`, {
      method: 'PUT',
      headers: { expect: '100-continue', 'content-length': '2' },
    });
    upload.flushHeaders();
    await once(upload, 'continue');
    upload.end('{}');
    const [answer] = (await once(upload, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(200);
  });
});

describe('who may call', () => {
  const secret = 'a secret of thirty-two bytes, or more';

  async function token(subject = 'ada'): Promise<string> {
    return await new SignJWT()
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer('shop')
      .setAudience('gateway')
      .setSubject(subject)
      .setExpirationTime('1m')
      .sign(new TextEncoder().encode(secret));
  }

  const verify = jwt({ secret, issuer: 'shop', audience: 'gateway', algorithms: ['HS256'] });

  it('needs a token, except on open routes', async () => {
    const { url } = await start(
      [{ path: '/api/orders' }, { path: '/api/login', auth: 'none' }],
      {},
      async (app) => void (await app.register(verify)),
    );
    expect((await fetch(`${url}/api/orders`)).status).toBe(401);
    expect(orders.requests).toEqual([]);
    expect((await fetch(`${url}/api/login`, { method: 'POST', body: '{}' })).status).toBe(200);
    const authorization = `Bearer ${await token()}`;
    const answer = await fetch(`${url}/api/orders`, { headers: { authorization } });
    expect(answer.status).toBe(200);
    expect(orders.requests.at(-1)!.headers.authorization).toBe(authorization);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  it('has a rate limit, except on routes without one', async () => {
    const { url } = await start(
      [{ path: '/api/orders' }, { path: '/api/status', rateLimit: 'off' }],
      {},
      async (app) => void (await app.register(rateLimit({ max: 2, windowMs: 60_000 }))),
    );
    const statuses = async (path: string) =>
      Promise.all([1, 2, 3].map(async () => (await fetch(url + path)).status));
    expect((await statuses('/api/orders')).sort()).toEqual([200, 200, 429]);
    expect(await statuses('/api/status')).toEqual([200, 200, 200]);
    expect(orders.requests).toHaveLength(5);
  });

  it('is told to browsers by the gateway alone', async () => {
    const origin = 'https://shop.example.com';
    const { url } = await start(undefined, { cors: true }, async (app) => {
      await app.register(cors({ origins: [origin], credentials: true }));
      await app.register(verify);
    });
    orders.answer((_request, response) => {
      response.writeHead(200, { 'access-control-allow-origin': '*', vary: 'accept' }).end('{}');
    });
    const preflight = await fetch(`${url}/api/orders`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    const headers = { origin, authorization: `Bearer ${await token()}` };
    const answer = await fetch(`${url}/api/orders`, { headers });
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    expect(answer.headers.get('vary')?.toLowerCase()).toBe('origin, accept');
  });
});

describe('/health', () => {
  it('is 200 in any case, and reports the state of each provider, asking once for many requests', async () => {
    const down = await startProvider();
    await down.close();
    const slow = await startProvider();
    const isAsked = new Promise<void>((resolve) => slow.answer(() => resolve()));
    try {
      const routes: ProviderRoute[] = [];
      edge = await startGateway({
        providers: [
          { service: 'orders', url: orders.url, routes },
          { service: 'users', url: down.url, routes },
          { service: 'bills', url: slow.url, routes },
        ],
      });
      const { url } = edge;
      // Only the test moves the time: a provider is asked again after 2 s.
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
      const others = [seen('undici:request:trailers'), seen('undici:client:connectError')];
      const asked = Array.from({ length: 20 }, async () => await fetch(`${url}/health`));
      await Promise.all([isAsked, ...others]);
      for (let turn = 0; turn < 50; turn++) await immediate();
      vi.advanceTimersByTime(500);
      const answers = await Promise.all(asked);
      expect(slow.requests).toHaveLength(1);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(await answers[0]!.json()).toEqual({
        status: 'ok',
        services: { orders: 'ok', users: 'cannot be reached', bills: 'no answer within 500 ms' },
      });
      await fetch(`${url}/health`);
      expect(orders.requests.map((request) => request.url)).toEqual(['/ready']);
    } finally {
      await slow.close();
    }
  });
});

/** Resolves when undici publishes this for the first time: https://undici.nodejs.org/#/docs/api/DiagnosticsChannel */
function seen(channel: string): Promise<void> {
  return new Promise((resolve) => subscribe(channel, () => resolve()));
}

/** A promise with its resolve function. */
function later<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((ready) => (resolve = ready));
  return { promise, resolve };
}

async function send(url: string, options: { headers?: Record<string, string>; path?: string }) {
  const request = httpRequest(url, options);
  request.end();
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  answer.resume();
  return answer;
}
