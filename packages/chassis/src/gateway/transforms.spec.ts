import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { cors } from '../service/web.js';
import { startGateway, type TestGateway } from '../testing/gateway.js';
import { startProvider, type Provider } from '../testing/provider.js';
import { gateway, type GatewayOptions, type ProviderRoute } from './gateway.js';

let orders: Provider;
let edge: TestGateway | undefined;

beforeEach(async () => {
  orders = await startProvider();
});
afterEach(async () => {
  await edge?.service.stop();
  edge = undefined;
  await orders.close();
});

async function start(
  route: Omit<ProviderRoute, 'path'>,
  more: Partial<GatewayOptions> & { base?: string } = {},
  before?: Parameters<typeof startGateway>[1],
): Promise<string> {
  const { base = '', ...options } = more;
  const routes = [{ path: '/api/orders', ...route }];
  const providers = [{ service: 'orders', url: orders.url + base, routes }];
  return (edge = await startGateway({ providers, ...options }, before)).url;
}

describe('rewrite', () => {
  it.each([
    ['/orders', '', '/api/orders', '/orders'],
    ['/orders', '', '/api/orders/', '/orders/'],
    ['/orders', '', '/api/orders/a%20b/c?page=2&q=%26', '/orders/a%20b/c?page=2&q=%26'],
    ['/orders', '', '/api/orders?page=2', '/orders?page=2'],
    ['/', '', '/api/orders', '/'],
    ['/', '', '/api/orders/', '/'],
    // @fastify/http-proxy 11.6.3 passes the path before the rewrite on if nothing but a query is left of it.
    ['/', '', '/api/orders?page=2', '/?page=2'],
    ['/', '', '/api/orders/12', '/12'],
    ['/v2/purchases', '', '/api/orders/12', '/v2/purchases/12'],
    ['/orders', '/base', '/api/orders/12', '/base/orders/12'],
    ['/', '/base', '/api/orders?page=2', '/base?page=2'],
  ])('%s behind %s: %s reaches the provider as %s', async (rewrite, base, asked, received) => {
    const url = await start({ rewrite }, { base });
    expect((await fetch(url + asked)).status).toBe(200);
    expect(orders.requests.map(({ url }) => url)).toEqual([received]);
  });

  it.each([
    ['/orders', '/api'],
    ['/', '/api/orders'],
    ['/v2/purchases', undefined],
    ['/api/orders', undefined],
  ])('%s: tells the provider that %s is missing in front', async (rewrite, prefix) => {
    const url = await start({ rewrite });
    await fetch(`${url}/api/orders`, { headers: { 'x-forwarded-prefix': '/fake' } });
    expect(orders.requests[0]?.headers['x-forwarded-prefix']).toBe(prefix);
  });

  it.each([
    ['/orders', '', '/orders/12?a=1', '/api/orders/12?a=1'],
    ['/orders', '', '/orders', '/api/orders'],
    ['/orders', '', '/orders#top', '/api/orders#top'],
    ['/orders', '', '/orders-archive/12', '/orders-archive/12'],
    ['/orders', '', '/elsewhere', '/elsewhere'],
    ['/orders', '', '//shop.example.com/orders', '//shop.example.com/orders'],
    ['/orders', '', 'https://shop.example.com/orders', 'https://shop.example.com/orders'],
    ['/', '', '/12', '/api/orders/12'],
    ['/', '', '/', '/api/orders'],
    ['/orders', '/base', '/base/orders/12', '/api/orders/12'],
  ])(
    '%s behind %s: the location %s of an answer becomes %s',
    async (rewrite, base, given, seen) => {
      const url = await start({ rewrite }, { base });
      for (const [sent, expected] of [
        [given, seen],
        ...(/^\/(?!\/)/.test(given) ? [[orders.url + given, seen] as const] : []),
      ]) {
        orders.answer((_request, response) =>
          response.writeHead(303, { location: sent, 'content-location': sent }).end(),
        );
        const { headers } = await fetch(`${url}/api/orders`, { redirect: 'manual' });
        expect([headers.get('location'), headers.get('content-location')]).toEqual([
          expected,
          expected,
        ]);
      }
    },
  );

  it('refuses paths that leave it, and paths that a provider could read as a route with a token', async () => {
    edge = await startGateway({
      providers: [
        {
          service: 'orders',
          url: orders.url,
          routes: [
            { path: '/api/orders', rewrite: '/v1/orders', auth: 'none' },
            { path: '/api/orders/admin', rewrite: '/v1/orders/admin' },
          ],
        },
      ],
    });
    for (const path of ['..%2fadmin', 'x%2f..%2fadmin', 'ADMIN', '/admin', 'admin;a=1']) {
      expect([path, (await fetch(`${edge.url}/api/orders/${path}`)).status]).toEqual([path, 400]);
    }
    expect(orders.requests).toEqual([]);
  });

  it('holds for WebSockets too, with the changed headers', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const seen: unknown[] = [];
    server.on('connection', (socket, { url, headers }) => {
      seen.push([url, headers['x-forwarded-prefix'], headers['x-shop'], headers['x-own']]);
      socket.close();
    });
    try {
      const route: ProviderRoute = {
        path: '/api/live',
        rewrite: '/live',
        websocket: true,
        headers: { request: { set: { 'X-Shop': 'one' }, remove: ['X-Own'] } },
      };
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      edge = await startGateway({ providers: [{ service: 'live', url, routes: [route] }] });
      const socket = new WebSocket(`${edge.url.replace('http', 'ws')}/api/live/7?a=1`, {
        headers: { 'x-own': 'yes' },
      });
      await once(socket, 'close');
      expect(seen).toEqual([['/live/7?a=1', '/api', 'one', undefined]]);
    } finally {
      server.close();
    }
  });

  it('must be a path', () => {
    const routes = [{ path: '/api/orders', rewrite: 'orders' }];
    expect(() => gateway({ providers: [{ service: 'orders', url: orders.url, routes }] })).toThrow(
      'rewrite of /api/orders: no path: write "/" in front of "orders"',
    );
  });
});

describe('headers', () => {
  it('of requests are set and removed, whatever the caller sends', async () => {
    const url = await start({
      headers: { request: { set: { 'X-Shop': 'one' }, remove: ['Cookie', 'authorization'] } },
    });
    await fetch(`${url}/api/orders`, {
      headers: { 'x-shop': 'two', cookie: 'a=1', authorization: 'Bearer a', 'x-own': 'yes' },
    });
    const { headers } = orders.requests[0]!;
    expect(headers).toMatchObject({ 'x-shop': 'one', 'x-own': 'yes' });
    expect(headers).not.toHaveProperty('cookie');
    expect(headers).not.toHaveProperty('authorization');
    expect(headers['x-request-id']).toBeDefined();
  });

  it('of answers are set and removed, also of errors of the provider', async () => {
    const url = await start({
      headers: { response: { set: { 'Cache-Control': 'no-store' }, remove: ['X-Powered-By'] } },
    });
    for (const status of [200, 500]) {
      orders.answer((_request, response) =>
        response
          .writeHead(status, {
            'x-powered-by': 'Express',
            'cache-control': 'public',
            'x-own': 'yes',
          })
          .end('{}'),
      );
      const { headers } = await fetch(`${url}/api/orders`);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-own')).toBe('yes');
      expect(headers.has('x-powered-by')).toBe(false);
    }
  });

  it('that are invalid are an error at once, with all of them', () => {
    const routes: ProviderRoute[] = [
      { path: '/a', headers: { request: { set: { 'x y': '1', 'x-z': 'a\nb' } } } },
      { path: '/b', headers: { response: { remove: [''] } } },
    ];
    expect(() => gateway({ providers: [{ service: 'orders', url: orders.url, routes }] })).toThrow(
      /headers of \/a: .*x y.*; headers of \/a: .*x-z.*; headers of \/b: /,
    );
  });
});

describe('fields', () => {
  const fields = { rename: { order_id: 'id' }, remove: ['secret'] };
  const json = { 'content-type': 'application/json; charset=utf-8' };

  function answerJson(headers: Record<string, string | number> = {}, status = 200) {
    orders.answer((_request, response) =>
      response
        .writeHead(status, { ...json, ...headers })
        .end('{"order_id":12345678901234567890,"secret":1}'),
    );
  }

  it('of JSON answers are changed, with a length of their own', async () => {
    const url = await start({ fields });
    answerJson({
      'content-length': 44,
      digest: 'sha-256=abc',
      'last-modified': 'now',
      'x-own': 'yes',
    });
    const answer = await fetch(`${url}/api/orders`, { headers: { 'accept-encoding': 'gzip' } });
    expect(await answer.text()).toBe('{"id":12345678901234567890}');
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      ...json,
      'content-length': '27',
      'x-own': 'yes',
    });
    expect(answer.headers.has('digest')).toBe(false);
    expect(answer.headers.has('last-modified')).toBe(false);
    expect(orders.requests[0]?.headers['accept-encoding']).toBe('identity');
  });

  it('of error answers and of answers to a POST are changed too', async () => {
    const url = await start({ fields });
    answerJson({ 'content-type': 'application/problem+json' }, 422);
    const answer = await fetch(`${url}/api/orders`, { method: 'POST', body: '{}' });
    expect([answer.status, await answer.text()]).toEqual([422, '{"id":12345678901234567890}']);
  });

  it('leave other types, empty answers and HEAD alone', async () => {
    const url = await start({ fields });
    const text = '{"secret":1}';
    orders.answer((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': 12 }).end(text),
    );
    expect(await (await fetch(`${url}/api/orders`)).text()).toBe(text);
    orders.answer((_request, response) => response.writeHead(204, json).end());
    expect((await fetch(`${url}/api/orders`)).status).toBe(204);
    answerJson({ 'content-length': 44 });
    const head = await fetch(`${url}/api/orders`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, json['content-type']]);
    // That of the provider's answer, which is not that of a GET.
    expect(head.headers.get('content-length')).not.toBe('44');
  });

  it('change with the entity tag of the provider, which gets its own tag back', async () => {
    const url = await start({ fields });
    orders.answer((request, response) => {
      if (request.headers['if-none-match'] === '"v1"')
        response.writeHead(304, { etag: '"v1"' }).end();
      else response.writeHead(200, { ...json, etag: '"v1"' }).end('{"secret":1}');
    });
    const first = await fetch(`${url}/api/orders`);
    const etag = first.headers.get('etag')!;
    expect(etag).toMatch(/^"v1-[0-9a-f]{8}"$/);
    const ask = async (tag: string) =>
      (await fetch(`${url}/api/orders`, { headers: { 'if-none-match': tag } })).status;
    expect(await ask(etag)).toBe(304);
    expect(await ask('"v1-00000000"')).toBe(200);
    await fetch(`${url}/api/orders`, { method: 'PUT', headers: { 'if-match': etag }, body: '{}' });
    expect(orders.requests.at(-1)?.headers['if-match']).toBe('"v1"');
  });

  it.each([
    ['is invalid', {}, '{"secret":', 'orders answered with invalid JSON'],
    [
      'is too long',
      {},
      `{"a":"${'x'.repeat(1_048_576)}"}`,
      'orders answered with more than 1048576 bytes',
    ],
    [
      'is compressed all the same',
      { 'content-encoding': 'gzip' },
      gzipSync('{"secret":1}'),
      'orders answered in an encoding that was not asked for',
    ],
  ])(
    'that cannot be changed are never passed on: JSON that %s',
    async (_what, headers, body, message) => {
      const url = await start({ fields }, { cors: true }, async (app) => {
        await app.register(cors({ origins: ['https://shop.example.com'] }));
      });
      orders.answer((_request, response) =>
        response.writeHead(200, { ...json, 'set-cookie': 'a=1', ...headers }).end(body),
      );
      const answer = await fetch(`${url}/api/orders`, {
        headers: { origin: 'https://shop.example.com' },
      });
      expect(answer.status).toBe(502);
      expect(await answer.json()).toMatchObject({ message, service: 'orders' });
      expect(answer.headers.has('set-cookie')).toBe(false);
      expect(answer.headers.has('content-encoding')).toBe(false);
      expect(answer.headers.get('access-control-allow-origin')).toBe('https://shop.example.com');
      expect(answer.headers.get('vary')).toContain('Origin');
    },
  );

  it('arrive in time, or the answer is a 504', async () => {
    const url = await start({ fields, timeoutMs: 100 });
    orders.answer((_request, response) => void response.writeHead(200, json).write('{"a":1,'));
    const answer = await fetch(`${url}/api/orders`);
    expect(answer.status).toBe(504);
    expect(await answer.json()).toMatchObject({ message: 'orders did not answer in time' });
  });
});
