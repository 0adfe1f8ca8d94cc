import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jwt } from '../auth/jwt.js';
import { startGateway, type TestGateway } from '../testing/gateway.js';
import { startProvider, type Provider } from '../testing/provider.js';
import { rateLimit } from './rate-limit.js';
import { limitOf, type RouteLimit } from './route-limit.js';

describe('limitOf', () => {
  const limit: RouteLimit = {
    perMinute: 60,
    classes: { anonymous: 10, partner: 600, trial: 5 },
    classClaim: 'plan',
  };

  it.each([
    [null, 10],
    [undefined, 10],
    [{}, 60],
    [{ plan: 'partner' }, 600],
    [{ plan: 'trial' }, 5],
    [{ plan: ['trial', 'partner', 'other'] }, 600],
    [{ plan: 'anonymous' }, 60],
    [{ plan: 'toString' }, 60],
    [{ plan: 7 }, 60],
    [{ role: 'partner' }, 60],
  ])('of a caller with the claims %j is %i', (user, expected) => {
    expect(limitOf(limit, user)).toBe(expected);
  });

  it('is the common one without classes', () => {
    expect([limitOf({ perMinute: 3 }, null), limitOf({ perMinute: 3 }, { plan: 'a' })]).toEqual([
      3, 3,
    ]);
  });
});

describe('the limit of a route', () => {
  const SECRET = 'a secret of thirty-two bytes, or more';
  let orders: Provider;
  let edge: TestGateway | undefined;

  beforeEach(async () => {
    orders = await startProvider();
    orders.answer((_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
    );
  });
  afterEach(async () => {
    await edge?.service.stop();
    edge = undefined;
    await orders.close();
  });

  async function start(max: number): Promise<void> {
    const classes = { anonymous: 1, partner: 4 };
    const limit = { perMinute: 2, classes, classClaim: 'plan' };
    const part = { service: 'orders', url: orders.url, path: '/orders' };
    edge = await startGateway(
      {
        providers: [
          {
            service: 'orders',
            url: orders.url,
            routes: [
              { path: '/api/orders', rateLimit: limit },
              { path: '/api/open', auth: 'none', rateLimit: limit },
              { path: '/api/other' },
            ],
          },
          { path: '/api/me', rateLimit: limit, parts: { orders: part } },
        ],
      },
      async (app) => {
        await app.register(
          jwt({ secret: SECRET, issuer: 'shop', audience: 'gateway', algorithms: ['HS256'] }),
        );
        await app.register(rateLimit({ max, windowMs: 60_000 }));
      },
    );
  }

  async function as(sub: string, plan?: string): Promise<Record<string, string>> {
    const token = await new SignJWT({ plan })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer('shop')
      .setAudience('gateway')
      .setSubject(sub)
      .setExpirationTime('1m')
      .sign(new TextEncoder().encode(SECRET));
    return { authorization: `Bearer ${token}` };
  }

  async function statuses(paths: readonly string[], headers: Record<string, string> = {}) {
    const found = [];
    for (const path of paths) found.push((await fetch(edge!.url + path, { headers })).status);
    return found;
  }

  const below = [
    '/api/orders',
    '/api/orders/1',
    '/api/orders?a=1',
    '/api/orders/2',
    '/api/orders/3',
  ];

  it('counts each caller, with all paths below it, by the class of the caller', async () => {
    await start(1);
    expect(await statuses(below, await as('ada'))).toEqual([200, 200, 429, 429, 429]);
    expect(await statuses(below, await as('bob', 'partner'))).toEqual([200, 200, 200, 200, 429]);
    expect(await statuses(['/api/open', '/api/open'])).toEqual([200, 429]);
    expect(await statuses(['/api/me', '/api/me', '/api/me'], await as('ada'))).toEqual([
      200, 200, 429,
    ]);
    // The common limit is counted for all other routes only.
    expect(await statuses(['/api/other', '/api/other'], await as('ada'))).toEqual([200, 429]);
  });

  it('is in the answers', async () => {
    await start(100);
    const headers = await as('ada');
    const answer = async () => {
      const { status, headers: given } = await fetch(`${edge!.url}/api/orders`, { headers });
      const names = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'retry-after'];
      return [status, ...names.map((name) => given.get(name))];
    };
    expect(await answer()).toEqual([200, '2', '1', null]);
    expect(await answer()).toEqual([200, '2', '0', null]);
    expect(await answer()).toEqual([429, '2', '0', '60']);
  });

  it('does not stop the counting of those who guess tokens', async () => {
    await start(2);
    const guessed = { authorization: 'Bearer guessed' };
    expect(await statuses(below, guessed)).toEqual([401, 401, 429, 429, 429]);
    expect(orders.requests).toEqual([]);
  });

  it('is an error at the start if nothing counts', async () => {
    const routes = [{ path: '/api/orders', rateLimit: { perMinute: 1 } }];
    await expect(
      startGateway({ providers: [{ service: 'orders', url: orders.url, routes }] }),
    ).rejects.toThrow('gateway: /api/orders has a rate limit, but nothing counts');
  });
});
