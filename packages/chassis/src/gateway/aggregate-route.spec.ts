import { setTimeout as sleep } from 'node:timers/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jwt } from '../auth/jwt.js';
import { startGateway, type TestGateway } from '../testing/gateway.js';
import { closedUrl, startProvider, type Provider } from '../testing/provider.js';
import type { Aggregate, AggregatePart, GatewayOptions } from './gateway.js';
import { rateLimit } from './rate-limit.js';

const json = { 'content-type': 'application/json' };
const SECRET = 'a secret of thirty-two bytes, or more';

let users: Provider;
let orders: Provider;
let edge: TestGateway | undefined;

beforeEach(async () => {
  users = await startProvider();
  orders = await startProvider();
  users.answer((_request, response) => response.writeHead(200, json).end('{"name":"Ada"}'));
  orders.answer((_request, response) => response.writeHead(200, json).end('[1, 2]'));
});
afterEach(async () => {
  await edge?.service.stop();
  edge = undefined;
  await Promise.all([users.close(), orders.close()]);
});

interface Given {
  user?: Partial<AggregatePart>;
  orders?: Partial<AggregatePart>;
  aggregate?: Partial<Aggregate>;
  gateway?: Partial<GatewayOptions>;
  before?: Parameters<typeof startGateway>[1];
}

async function start(given: Given = {}): Promise<string> {
  const aggregate: Aggregate = {
    path: '/api/me',
    parts: {
      user: { service: 'users', url: users.url, path: '/users/me', ...given.user },
      orders: { service: 'orders', url: orders.url, path: '/orders', ...given.orders },
    },
    ...given.aggregate,
  };
  edge = await startGateway({ providers: [aggregate], ...given.gateway }, given.before);
  return edge.url;
}

async function ask(url: string, headers: Record<string, string> = {}) {
  const answer = await fetch(url, { headers });
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}

const whole = { data: { user: { name: 'Ada' }, orders: [1, 2] }, errors: {} };

describe('an aggregate', () => {
  it('is the answers of its parts', async () => {
    const url = await start({
      user: { url: `${users.url}/base/` },
      orders: { path: '/orders?limit=5', query: ['page'] },
    });
    const { status, headers, body } = await ask(`${url}/api/me?page=2&other=3`);
    expect([status, body]).toEqual([200, whole]);
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(users.requests.map(({ url }) => url)).toEqual(['/base/users/me']);
    expect(orders.requests.map(({ url }) => url)).toEqual(['/orders?limit=5&page=2']);
    expect((await fetch(`${url}/api/me/more`)).status).toBe(404);
    expect((await fetch(`${url}/api/me`, { method: 'POST' })).status).toBe(404);
    const head = await fetch(`${url}/api/me`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('calls its parts at the same time', async () => {
    const url = await start();
    // Each answers only when the other one has been asked too.
    const bothAreAsked = async () => {
      while (users.requests.length === 0 || orders.requests.length === 0) await sleep(1);
    };
    for (const provider of [users, orders]) {
      provider.answer((_request, response) => {
        void bothAreAsked().then(() => response.writeHead(200, json).end('1'));
      });
    }
    expect((await ask(`${url}/api/me`)).body).toEqual({ data: { user: 1, orders: 1 }, errors: {} });
  });

  it('passes on who calls, the id and the deadline, but nothing about bodies and copies', async () => {
    const url = await start({ gateway: { serviceKey: 'key' }, orders: { timeoutMs: 400 } });
    await ask(`${url}/api/me`, {
      authorization: 'Bearer abc',
      cookie: 'session=1',
      'x-request-id': 'id-1',
      'if-none-match': '"v1"',
      range: 'bytes=0-1',
      accept: 'text/html',
      'accept-language': 'de',
      'x-service-key': 'fake',
      'x-user-id': 'fake',
    });
    const [forUsers, forOrders] = [users.requests[0]!.headers, orders.requests[0]!.headers];
    for (const headers of [forUsers, forOrders]) {
      expect(headers).toMatchObject({
        host: expect.stringMatching(/^127\.0\.0\.1:/) as string,
        authorization: 'Bearer abc',
        cookie: 'session=1',
        'x-request-id': 'id-1',
        'x-service-key': 'key',
        'x-forwarded-for': '127.0.0.1',
        'accept-language': 'de',
        accept: 'application/json',
        'accept-encoding': 'identity',
      });
      for (const name of ['if-none-match', 'range', 'x-user-id', 'content-length']) {
        expect(headers).not.toHaveProperty(name);
      }
    }
    expect([forUsers['x-deadline-ms'], forOrders['x-deadline-ms']]).toEqual(['10000', '400']);
  });

  it('has values in its path, which cannot change the meaning of a path', async () => {
    const aggregate = { path: '/api/users/:id/all' };
    const url = await start({ aggregate, user: { path: '/users/:id' } });
    await ask(`${url}/api/users/a%20b/all`);
    expect(users.requests.map(({ url }) => url)).toEqual(['/users/a%20b']);
    for (const id of ['a%2fb', '%2e%2e', 'a%5cb', 'a;b=1', 'a%252fb', 'a%00']) {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      socket.write(`GET /api/users/${id}/all HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect([id, /^HTTP\/1\.1 (\d+)/.exec(answer.toString())?.[1]]).toEqual([id, '400']);
      socket.destroy();
    }
    expect(users.requests).toHaveLength(1);
  });

  it('needs a token unless it is open, and is counted for the limit unless it is free', async () => {
    const token = await new SignJWT()
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer('shop')
      .setAudience('gateway')
      .setSubject('ada')
      .setExpirationTime('1m')
      .sign(new TextEncoder().encode(SECRET));
    const parts = { user: { service: 'users', url: users.url, path: '/users/me' } };
    edge = await startGateway(
      {
        providers: [
          { path: '/api/me', parts },
          { path: '/api/open', auth: 'none', rateLimit: 'off', parts },
          { service: 'users', url: users.url, routes: [{ path: '/api' }] },
        ],
      },
      async (app) => {
        await app.register(
          jwt({ secret: SECRET, issuer: 'shop', audience: 'gateway', algorithms: ['HS256'] }),
        );
        await app.register(rateLimit({ max: 2, windowMs: 60_000 }));
      },
    );
    const statuses = async (path: string, headers = {}) => {
      const found = [];
      for (let i = 0; i < 3; i++) found.push((await fetch(edge!.url + path, { headers })).status);
      return found;
    };
    expect(await statuses('/api/me', { authorization: `Bearer ${token}` })).toEqual([
      200, 200, 429,
    ]);
    expect(await statuses('/api/open')).toEqual([200, 200, 200]);
    expect(await statuses('/api/me')).toEqual([401, 401, 429]);
  });

  it('shows the health of the services that it asks, each once', async () => {
    const providers = [
      { service: 'users', url: users.url, routes: [{ path: '/api/users' }] },
      { path: '/api/me', parts: { orders: { service: 'orders', url: orders.url, path: '/o' } } },
    ];
    edge = await startGateway({ providers });
    const { body } = await ask(`${edge.url}/health`);
    expect(body).toMatchObject({ services: { users: 'ok', orders: 'ok' } });
  });
});

describe('a part that fails', () => {
  const errorOf = (statusCode: number, message: string) =>
    expect.objectContaining({ statusCode, message, service: 'orders' }) as object;

  it.each<[string, (orders: Provider) => void, object]>([
    [
      'because it breaks off',
      (orders) => orders.answer((_request, response) => response.destroy()),
      errorOf(502, 'orders broke off'),
    ],
    [
      'because it breaks off in its answer',
      (orders) =>
        orders.answer((_request, response) => {
          response.writeHead(200, json).write('[1,');
          setImmediate(() => response.destroy());
        }),
      errorOf(502, 'orders broke off'),
    ],
    [
      'because of an error',
      (orders) =>
        orders.answer((_request, response) =>
          response.writeHead(500, json).end('{"message":"secret"}'),
        ),
      errorOf(500, 'orders answered with 500'),
    ],
    [
      'because there is nothing',
      (orders) =>
        orders.answer((_request, response) =>
          response.writeHead(404, json).end('{"message":"no order 12"}'),
        ),
      errorOf(404, 'no order 12'),
    ],
    [
      'because it sends its caller elsewhere',
      (orders) =>
        orders.answer((_request, response) =>
          response.writeHead(302, { location: '/login' }).end(),
        ),
      errorOf(502, 'orders answered with 302'),
    ],
    [
      'because it is a page',
      (orders) =>
        orders.answer((_request, response) =>
          response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
        ),
      errorOf(502, 'orders did not answer with JSON'),
    ],
    [
      'because it is not JSON',
      (orders) => orders.answer((_request, response) => response.writeHead(200, json).end('[1,')),
      errorOf(502, 'orders answered with invalid JSON'),
    ],
    [
      'because it is too long',
      (orders) =>
        orders.answer((_request, response) =>
          response.writeHead(200, json).end(`"${'x'.repeat(100)}"`),
        ),
      errorOf(502, 'orders answered with more than 100 bytes'),
    ],
    [
      'because it is compressed all the same',
      (orders) =>
        orders.answer((_request, response) =>
          response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end('x'),
        ),
      errorOf(502, 'orders answered in an encoding that was not asked for'),
    ],
  ])('%s leaves the others', async (_why, fail, error) => {
    const url = await start({ aggregate: { maxBytes: 100 } });
    fail(orders);
    const { status, headers, body } = await ask(`${url}/api/me`);
    expect([status, body]).toEqual([
      200,
      { data: { user: { name: 'Ada' }, orders: null }, errors: { orders: error } },
    ]);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('because it is down leaves the others', async () => {
    const url = await start({ orders: { url: await closedUrl() } });
    const { status, body } = await ask(`${url}/api/me`);
    expect([status, body]).toEqual([
      200,
      {
        data: { user: { name: 'Ada' }, orders: null },
        errors: { orders: errorOf(503, 'orders cannot be reached') },
      },
    ]);
  });

  it.each([
    ['never begins', (orders: Provider) => orders.answer(() => undefined)],
    [
      'never ends',
      (orders: Provider) =>
        orders.answer((_request, response) => void response.writeHead(200, json).write('[1,')),
    ],
  ])('because its answer %s ends at its own time limit', async (_why, fail) => {
    const url = await start({ orders: { timeoutMs: 100 } });
    fail(orders);
    const { status, body } = await ask(`${url}/api/me`);
    expect([status, body]).toEqual([
      200,
      {
        data: { user: { name: 'Ada' }, orders: null },
        errors: { orders: errorOf(504, 'orders did not answer in time') },
      },
    ]);
  });

  it('never takes longer than the aggregate', async () => {
    const url = await start({ aggregate: { timeoutMs: 100 }, orders: { timeoutMs: 60_000 } });
    orders.answer(() => undefined);
    expect((await ask(`${url}/api/me`)).body).toMatchObject({
      errors: { orders: { statusCode: 504 } },
    });
    expect(orders.requests[0]?.headers['x-deadline-ms']).toBe('100');
  });

  it('and is required is the answer, with the errors of all parts', async () => {
    const url = await start({ user: { required: true } });
    users.answer((_request, response) =>
      response
        .writeHead(401, { ...json, 'www-authenticate': 'Bearer' })
        .end('{"message":"who are you"}'),
    );
    const { status, headers, body } = await ask(`${url}/api/me`);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe('Bearer');
    expect(body).toEqual({
      statusCode: 401,
      error: 'Unauthorized',
      message: 'who are you',
      service: 'users',
      errors: {
        user: { statusCode: 401, error: 'Unauthorized', message: 'who are you', service: 'users' },
      },
    });
  });

  it('like all others is the answer', async () => {
    const url = await start({ user: { url: await closedUrl() } });
    orders.answer((_request, response) => response.writeHead(404).end());
    const { status, headers, body } = await ask(`${url}/api/me`);
    expect([status, headers.get('retry-after')]).toEqual([503, '1']);
    expect(body).toMatchObject({
      service: 'users',
      errors: { user: {}, orders: { statusCode: 404 } },
    });
  });

  it('is asked again if its connection broke, and is logged without its address', async () => {
    const url = await start();
    let times = 0;
    orders.answer((_request, response) => {
      if (++times === 1) response.destroy();
      else response.writeHead(200, json).end('[1, 2]');
    });
    expect((await ask(`${url}/api/me`)).body).toEqual(whole);
    orders.answer((_request, response) => response.writeHead(500).end());
    await ask(`${url}/api/me`);
    expect(edge?.lines).toContainEqual(
      expect.objectContaining({ provider: 'orders', msg: 'orders answered with 500' }),
    );
  });

  it('is not waited for if the caller is gone', async () => {
    const url = await start();
    const closed = new Promise<void>((resolve) =>
      orders.answer((request) => request.socket.once('close', () => resolve())),
    );
    const caller = new AbortController();
    const asked = fetch(`${url}/api/me`, { signal: caller.signal }).catch(() => 'gone');
    while (orders.requests.length === 0) await sleep(1);
    caller.abort();
    expect(await asked).toBe('gone');
    await closed;
  });
});

it('does not call anybody after the deadline of a caller inside the platform', async () => {
  const url = await start({ gateway: { callersAreInside: true } });
  const { status, body } = await ask(`${url}/api/me`, { 'x-deadline-ms': '0' });
  expect(status).toBe(504);
  expect(body).toMatchObject({ message: "users was not called: the caller's deadline has passed" });
  expect([...users.requests, ...orders.requests]).toEqual([]);
});
