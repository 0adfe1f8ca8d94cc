import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cors } from '../service/web.js';
import { startGateway, type TestGateway } from '../testing/gateway.js';
import { startProvider, type Provider } from '../testing/provider.js';
import type { ProviderRoute } from './gateway.js';
import { responseCache, type ResponseCacheOptions } from './response-cache.js';

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
  options: ResponseCacheOptions = {},
  route: Partial<ProviderRoute> = {},
  before?: Parameters<typeof startGateway>[1],
): Promise<void> {
  const routes = [{ path: '/api/orders', ...route, cache: responseCache(options) }];
  const providers = [{ service: 'orders', url: orders.url, routes }];
  edge = await startGateway({ providers, cors: before !== undefined }, before);
}

/** Answers with a number that grows with each request that arrives. */
function answerCounted(headers: Record<string, string | string[]>, status = 200): void {
  let count = 0;
  orders.answer((_request, response) =>
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify({ count: ++count })),
  );
}

/** Not by `fetch`, which adds `cache-control: no-cache` to a request with a condition. */
async function ask(path = '/api/orders', headers: Record<string, string> = {}, method = 'GET') {
  const request = httpRequest(edge!.url + path, { method, headers, agent: false }).end();
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  const text = Buffer.concat((await answer.toArray()) as Buffer[]).toString();
  const given = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
  return {
    status: answer.statusCode!,
    headers: new Headers(Object.fromEntries(given) as Record<string, string>),
    text,
  };
}

/** What some requests were answered with. */
async function texts(...requests: Parameters<typeof ask>[]): Promise<string[]> {
  const found = [];
  for (const request of requests) found.push((await ask(...request)).text);
  return found;
}

const [ONE, TWO, THREE] = ['{"count":1}', '{"count":2}', '{"count":3}'];

/** Moves the clock, but not the timers. */
function later(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 });
}

describe('an answer', () => {
  it('is given again while it is fresh, with its age and an id of its own', async () => {
    await start();
    answerCounted({ 'cache-control': 'max-age=60', 'x-own': 'yes', 'x-request-id': 'theirs' });
    const first = await ask('/api/orders?page=1', { 'x-request-id': 'a' });
    later(20);
    const second = await ask('/api/orders?page=1', { 'x-request-id': 'b' });
    expect([first.text, second.text]).toEqual([ONE, ONE]);
    expect(first.headers.get('cache-status')).toBe('gateway; fwd=uri-miss; stored');
    expect(Object.fromEntries(second.headers)).toMatchObject({
      'cache-status': 'gateway; hit',
      'cache-control': 'max-age=60',
      'content-type': 'application/json',
      'content-length': String(ONE.length),
      'x-own': 'yes',
      'x-request-id': 'b',
    });
    expect(Number(second.headers.get('age'))).toBeGreaterThanOrEqual(20);
    later(41);
    expect((await ask('/api/orders?page=1')).text).toBe(TWO);
    expect((await ask('/api/orders?page=2')).text).toBe(THREE);
  });

  it('that says nothing is fresh for as long as the route says, which callers do not learn', async () => {
    await start({ seconds: 30 });
    answerCounted({});
    expect(await texts([], [])).toEqual([ONE, ONE]);
    expect((await ask()).headers.has('cache-control')).toBe(false);
    later(31);
    expect(await texts([])).toEqual([TWO]);
  });

  it.each<[string, Record<string, string | string[]>, number?]>([
    ['no-store', { 'cache-control': 'no-store' }],
    ['private', { 'cache-control': 'private, max-age=60' }],
    ['with a cookie', { 'cache-control': 'public, max-age=60', 'set-cookie': ['a=1', 'b=2'] }],
    ['that varies by everything', { 'cache-control': 'max-age=60', vary: 'accept, *' }],
    ['of events', { 'cache-control': 'max-age=60', 'content-type': 'text/event-stream' }],
    ['that is an error', {}, 500],
    ['that expired', { expires: '0' }],
  ])('%s is not stored', async (_which, headers, status) => {
    await start({ seconds: 60 });
    answerCounted(headers, status);
    expect(await texts([], [])).toEqual([ONE, TWO]);
  });

  it('that is too long is passed on, and not stored', async () => {
    await start({ maxBytes: 70_000, seconds: 60 });
    const long = 'x'.repeat(100_000);
    let declared = true;
    orders.answer((_request, response) => {
      if (declared) response.setHeader('content-length', long.length);
      response.write(long.slice(0, 80_000));
      response.end(long.slice(80_000));
    });
    for (declared of [true, false, false]) expect((await ask()).text).toBe(long);
    expect(orders.requests).toHaveLength(3);
  });

  it('is forgotten for others if there is too much', async () => {
    await start({ maxBytes: 70_000, seconds: 60 });
    orders.answer(({ url }, response) => response.end(`${url} ${'x'.repeat(30_000)}`));
    for (const page of [1, 2, 3, 3, 2, 1]) await ask(`/api/orders?page=${page}`);
    expect(orders.requests.map(({ url }) => url?.slice(-1))).toEqual(['1', '2', '3', '1']);
  });

  it('is for one host, scheme and set of varying headers', async () => {
    await start({ vary: ['X-Shop'] });
    answerCounted({ 'cache-control': 'max-age=60', vary: 'Accept-Language' });
    const german = { 'accept-language': 'de' };
    const english = { 'accept-language': 'en' };
    expect(await texts([undefined, german], [undefined, english], [undefined, german])).toEqual([
      ONE,
      TWO,
      ONE,
    ]);
    const [one, two] = [
      { ...german, 'x-shop': '1' },
      { ...german, 'x-shop': '2' },
    ];
    expect(await texts([undefined, one], [undefined, two], [undefined, one])).toEqual([
      THREE,
      '{"count":4}',
      THREE,
    ]);
    const other = await edge!.service.app.inject({
      url: '/api/orders',
      headers: { ...german, host: 'other.example.com' },
    });
    expect(other.body).toBe('{"count":5}');
  });
});

describe('a request', () => {
  it.each(['authorization', 'cookie'])('with %s is not cached', async (name) => {
    await start();
    answerCounted({ 'cache-control': 'public, max-age=60' });
    const own = { [name]: 'Bearer a' };
    expect(await texts([undefined, own], [undefined, own])).toEqual([ONE, TWO]);
    // Nor is it answered with what is stored.
    expect(await texts([], [undefined, own], [])).toEqual([THREE, '{"count":4}', THREE]);
  });

  it('with a token has answers of its own if the route says so', async () => {
    await start({ authorized: 'per-caller', seconds: 60 });
    answerCounted({});
    const [ada, bob] = [{ authorization: 'Bearer a' }, { authorization: 'Bearer b' }];
    expect(await texts([undefined, ada], [undefined, bob], [undefined, ada], [])).toEqual([
      ONE,
      TWO,
      ONE,
      THREE,
    ]);
    const cookie = { ...ada, cookie: 'a=1' };
    expect(await texts([undefined, cookie], [undefined, ada])).toEqual(['{"count":4}', ONE]);
  });

  it('with a token has the answer of all callers if the route says so', async () => {
    await start({ authorized: 'shared', seconds: 60 });
    answerCounted({});
    const [ada, bob] = [
      { authorization: 'Bearer a' },
      { authorization: 'Bearer b', cookie: 'c=1' },
    ];
    expect(await texts([undefined, ada], [undefined, bob], [])).toEqual([ONE, ONE, ONE]);
  });

  it.each([
    ['GET', { range: 'bytes=0-1' }],
    ['GET', { 'if-match': '"a"' }],
    ['HEAD', {}],
    ['POST', {}],
  ])('%s with %j is the business of the provider', async (method, headers) => {
    await start({ seconds: 60 });
    answerCounted({});
    for (let i = 0; i < 2; i++) await ask(undefined, headers, method);
    expect(orders.requests.map(({ method }) => method)).toEqual([method, method]);
    expect(orders.requests[0]?.headers).toMatchObject(headers);
  });

  it('that asks for no stored answer gets a new one, which is stored', async () => {
    await start({ seconds: 60 });
    answerCounted({});
    expect(await texts([], [undefined, { 'cache-control': 'no-cache' }], [])).toEqual([
      ONE,
      TWO,
      TWO,
    ]);
    expect(await texts([undefined, { 'cache-control': 'no-store' }], [])).toEqual([TWO, TWO]);
  });

  it('that changes something forgets the answers, if it succeeds', async () => {
    await start({ seconds: 60 });
    answerCounted({});
    await ask();
    await ask('/api/orders/1', {}, 'DELETE');
    expect(await texts([], [])).toEqual([THREE, THREE]);
    answerCounted({}, 409);
    await ask('/api/orders/1', {}, 'PUT');
    expect(await texts([])).toEqual([THREE]);
  });
});

describe('validation', () => {
  it('by the caller needs no body, with the tag of the provider or one of the gateway', async () => {
    await start({ seconds: 60 });
    for (const headers of [{ etag: 'W/"v1"' }, {}] as Record<string, string>[]) {
      const path = `/api/orders/${Object.keys(headers).length}`;
      answerCounted(headers);
      const etag = (await ask(path)).headers.get('etag')!;
      expect(etag).toMatch(headers['etag'] ? /^W\/"v1"$/ : /^"[\w-]{22}"$/);
      const known = await ask(path, { 'if-none-match': `"other", ${etag}` });
      expect([known.status, known.text, known.headers.get('etag')]).toEqual([304, '', etag]);
      expect(known.headers.has('content-type')).toBe(false);
      expect((await ask(path, { 'if-none-match': '"other"' })).status).toBe(200);
    }
    expect(orders.requests).toHaveLength(2);
  });

  it('by date is known too', async () => {
    await start({ seconds: 60 });
    const modified = 'Wed, 25 Nov 2026 10:00:00 GMT';
    answerCounted({ 'last-modified': modified });
    await ask();
    expect((await ask(undefined, { 'if-modified-since': modified })).status).toBe(304);
    const before = 'Wed, 25 Nov 2026 09:00:00 GMT';
    expect((await ask(undefined, { 'if-modified-since': before })).status).toBe(200);
  });

  it.each([true, false])(
    'at the provider keeps the answer, and a new one replaces it (a 304 with its tag: %s)',
    async (hasTag) => {
      await start();
      let version = 'v1';
      orders.answer((request, response) => {
        const etag = `"${version}"`;
        if (request.headers['if-none-match'] === etag) {
          response.writeHead(304, { ...(hasTag && { etag }), 'x-round': '2' }).end();
        } else response.writeHead(200, { etag, 'x-round': '1' }).end(version);
      });
      expect(await texts([], [])).toEqual(['v1', 'v1']);
      const { headers } = await ask();
      expect(headers.get('x-round')).toBe('2');
      expect(headers.get('cache-status')).toBe('gateway; fwd=stale; fwd-status=304');
      version = 'v2';
      expect(await texts([], [])).toEqual(['v2', 'v2']);
      expect(orders.requests.map(({ headers }) => headers['if-none-match'])).toEqual([
        undefined,
        '"v1"',
        '"v1"',
        '"v1"',
        '"v2"',
      ]);
    },
  );

  it('asks for everything if the provider confirms another answer', async () => {
    await start();
    let round = 0;
    orders.answer((request, response) => {
      if (request.headers['if-none-match'] !== undefined)
        response.writeHead(304, { etag: '"v9"' }).end();
      else response.writeHead(200, { etag: '"v1"' }).end(`round ${++round}`);
    });
    expect(await texts([], [])).toEqual(['round 1', 'round 2']);
  });

  it.each([
    [
      'an error',
      (provider: Provider) =>
        provider.answer((_request, response) => response.writeHead(500).end()),
    ],
    [
      'nothing',
      (provider: Provider) => provider.answer((_request, response) => response.destroy()),
    ],
  ])(
    'at a provider that answers %s gives the old answer only if that allows it',
    async (_what, fail) => {
      await start();
      answerCounted({ 'cache-control': 'max-age=1, stale-if-error=600' });
      await ask('/api/orders/old');
      answerCounted({ 'cache-control': 'max-age=1' });
      await ask('/api/orders/strict');
      later(10);
      fail(orders);
      expect((await ask('/api/orders/old')).text).toBe(ONE);
      expect((await ask('/api/orders/strict')).status).toBeGreaterThanOrEqual(500);
    },
  );
});

it('stores fields as the route changes them, with the tag of that', async () => {
  await start({ seconds: 60 }, { fields: { rename: { count: 'number' } } });
  answerCounted({ etag: '"v1"' });
  const first = await ask();
  const second = await ask();
  expect([first.text, second.text]).toEqual(['{"number":1}', '{"number":1}']);
  const etag = second.headers.get('etag')!;
  expect(etag).toMatch(/^"v1-[0-9a-f]{8}"$/);
  expect((await ask(undefined, { 'if-none-match': etag })).status).toBe(304);
  expect(orders.requests).toHaveLength(1);
});

it('changes headers and origins for each caller, not for the first one', async () => {
  const origins = ['https://a.example.com', 'https://b.example.com'];
  await start(
    { seconds: 60 },
    { headers: { response: { set: { 'x-shop': 'one' } } } },
    async (app) => void (await app.register(cors({ origins }))),
  );
  answerCounted({ vary: 'accept' });
  for (const origin of origins) {
    const { headers, text } = await ask(undefined, { origin, accept: 'application/json' });
    expect([text, headers.get('access-control-allow-origin')]).toEqual([ONE, origin]);
    expect([headers.get('x-shop'), headers.get('vary')]).toEqual(['one', 'Origin, accept']);
  }
});

it('says what failed if there is no answer', async () => {
  await start({}, { timeoutMs: 100 });
  orders.answer(() => undefined);
  const { status, text } = await ask();
  expect([status, JSON.parse(text)]).toMatchObject([504, { service: 'orders' }]);
});
