import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { jwt } from '../auth/jwt.js';
import { cors } from '../service/web.js';
import { startGateway, type TestGateway } from '../testing/gateway.js';
import { rateLimit } from './rate-limit.js';

/** Facts that the guards rely on, as tests, so that an update of a dependency cannot change them unnoticed. */

const SECRET = 'a secret of thirty-two bytes, or more';
let edge: TestGateway;
let provider: ReturnType<typeof createServer>;
/** Everything that reached the provider, including upgrades. */
let received: IncomingMessage[];

beforeEach(async () => {
  received = [];
  provider = createServer((request, response) => {
    received.push(request);
    request.resume().on('end', () => response.end('{}'));
  });
  new WebSocketServer({ server: provider }).on('connection', (_socket, request) =>
    received.push(request),
  );
  provider.listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  const verify = jwt({
    secret: SECRET,
    issuer: 'shop',
    audience: 'gateway',
    algorithms: ['HS256'],
    clockToleranceSeconds: 0,
  });
  const routes = [
    { path: '/api/orders', websocket: true },
    { path: '/api/orders/open', auth: 'none', rateLimit: 'off', websocket: true },
    { path: '/api/open', auth: 'none', websocket: true },
    { path: '/api/open/admin', websocket: true },
  ] as const;
  edge = await startGateway({ providers: [{ service: 'orders', url, routes }] }, async (app) => {
    await app.register(cors({ origins: ['https://shop.example.com'] }));
    await app.register(verify);
    await app.register(rateLimit({ max: 1000, windowMs: 60_000 }));
  });
});

afterEach(async () => {
  vi.useRealTimers();
  await edge.service.stop();
  provider.closeAllConnections();
  provider.close();
});

async function token(lifeSeconds = 60): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return await new SignJWT()
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('shop')
    .setAudience('gateway')
    .setSubject('ada')
    .setExpirationTime(now + lifeSeconds)
    .sign(new TextEncoder().encode(SECRET));
}

const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const CLOSE = 'Connection: close\r\n';

/** The status of a request that is sent byte by byte, because clients normalise paths before they send them. */
async function status(target: string, headers = CLOSE): Promise<number> {
  const socket = connect(Number(new URL(edge.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`GET ${target} HTTP/1.1\r\nHost: shop.example.com\r\n${headers}\r\n`);
  try {
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return Number(/^HTTP\/1\.1 (\d+)/.exec(answer.toString())?.[1]);
  } finally {
    socket.destroy();
  }
}

/**
 * For some server, each of these means the route that needs a token, although it matches the open one; or it is not a
 * valid target.
 */
const TRICKS = [
  '/api/open/../orders',
  '/api/open/./../orders',
  '/api/open/..',
  '/api/open/%2e%2e/orders',
  '/api/open/.%2E/orders',
  '/api/open/%2e./orders',
  '/api/open/..%2forders',
  '/api/open/%2e%2e%2forders',
  '/api/open/%252e%252e/orders',
  '/api/open/%252e%252e%252forders',
  '/api/open/x/..%5c..%5corders',
  '/api/open/..%255corders',
  '/api/open\\..\\orders',
  '/api/open/..\\orders',
  '/api/open/..;/orders',
  '/api/open/..;a=1/orders',
  '/api/open/%2e%2e;/orders',
  '/api/open/.%20/orders',
  '/api/open/..%00/orders',
  '/api/open//..//orders',
  '/api/open/admin',
  '/api/open//admin',
  '/api/open/./admin',
  '/api/open/%2Fadmin',
  '/api/open%2Fadmin',
  '/api/open/%61dmin',
  '/api/open/%2561dmin',
  '/api/open/%41DMIN',
  '/api/open/ADMIN',
  '/api/open/Admin/7',
  '/api/open/admin/',
  '/api/open/admin.',
  '/api/open/admin%20',
  '/api/open/admin;a=1',
  '/api/open/;a=1/admin',
  '/api/open/admin%3Ba=1',
  '/api/open/admin%00',
  '/api/open/admin%0d%0ax:%20y',
  '/api/open/admin#',
  '/api/open/admin?a=1#b',
  '/api/open/admin/%2e',
  '/api/orders',
  '/api/orders/',
  '/api/orders/opened',
  '/api/orders/open/../7',
  '/api/orders/open%2f..%2f7',
  '/api/%6frders',
  '//api/open/../orders',
  '//127.0.0.1/api/orders',
  '/api/open/%zz',
  '/api/open/%c0%ae%c0%ae/orders',
  'http://127.0.0.1/api/orders',
  'http://evil.example/api/open',
  `/api/open/${'../'.repeat(2000)}api/orders`,
  `/api/open/${'%2e%2e/'.repeat(1500)}orders`,
  `/api/open/${'a/'.repeat(3000)}${'../'.repeat(3000)}`,
];

/** For every server, these mean the open route. */
const READ_ALIKE = [
  '/api/open',
  '/api/open/',
  '/api/open/7?next=/api/orders/../x&u=https://a/%2e%2e',
  '/api/open/a%20b/%C3%A9/a%2Fb',
  '/api/open/a...slug/a..b/v1.2.3',
  '/api/open/administrators',
  '/api/open/a;b=1/UPPER//twice',
  '/api/orders/open/7',
  `/api/open/${'long/'.repeat(1500)}`,
];

const shown = (targets: readonly string[]) =>
  targets.map((target) => ({ target, start: target.slice(0, 60) }));

describe.each([
  { way: 'a request', headers: CLOSE },
  { way: 'a WebSocket', headers: UPGRADE },
])('the path of $way', ({ headers }) => {
  it.each(shown(TRICKS))('reaches no provider without a token: $start', async ({ target }) => {
    expect(await status(target, headers)).toBeGreaterThanOrEqual(400);
    expect(await status(target, headers)).toBeLessThan(500);
    expect(received).toEqual([]);
  });

  it.each(shown(READ_ALIKE))('arrives as it was sent: $start', async ({ target }) => {
    expect(await status(target, headers)).toBe(headers === UPGRADE ? 101 : 200);
    await expect.poll(() => received.map(({ url }) => url)).toEqual([target]);
  });

  it('may use, with a token, a path that is refused without one: $start', async () => {
    const authorization = `Authorization: Bearer ${await token()}\r\n`;
    for (const target of ['/api/open/%61dmin', '/api/%6frders/7']) {
      expect(await status(target, headers + authorization)).toBeLessThan(300);
    }
    await expect
      .poll(() => received.map(({ url }) => decodeURI(url!)))
      .toEqual(['/api/open/admin', '/api/orders/7']);
    // The route as the gateway matched it, which another server might read differently.
    expect(await status('/api/open/ADMIN', headers + authorization)).toBe(400);
  });
});

const CLAIMS = [
  'x-service-key',
  'x-user',
  'x-user-id',
  'x-user-roles',
  'x-auth-request-email',
  'x-auth-user-id',
  'x-authenticated-user',
  'x-webauth-user',
  'x-remote-user',
  'remote-user',
  'x-goog-authenticated-user-email',
  'x-amzn-oidc-identity',
  'cf-access-authenticated-user-email',
  'tailscale-user-login',
  'x-client-cert',
  'x-ssl-client-verify',
  'ssl-client-s-dn',
  'x-forwarded',
  'x-forwarded-client-cert',
  'x-forwarded-user',
  'x-forwarded-prefix',
  'forwarded',
  'x-real-ip',
  'true-client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'cf-connecting-ip',
  'x-original-url',
  'x-rewrite-url',
  'x-host',
  'x-retry-attempt',
  'traceparent',
  'baggage',
  'b3',
  'x-b3-traceid',
  'uber-trace-id',
  'x-amzn-trace-id',
  'sentry-trace',
];

/** No server turns these into variables. */
const OF_TRACERS = [
  'baggage',
  'b3',
  'x-b3-traceid',
  'uber-trace-id',
  'x-amzn-trace-id',
  'sentry-trace',
];

describe.each([
  { way: 'a request', headers: '' },
  { way: 'a WebSocket', headers: UPGRADE },
])('of the headers of $way', ({ headers }) => {
  async function arrived(more: string): Promise<IncomingMessage['headers']> {
    expect(await status('/api/open', headers + more)).toBeLessThan(300);
    await expect.poll(() => received.length).toBe(1);
    return received[0]!.headers;
  }

  it.each(CLAIMS)('%s is set by the platform only, in any spelling', async (name) => {
    const forms = [name, name.toUpperCase(), name];
    if (!OF_TRACERS.includes(name)) forms.push(name.replaceAll('-', '_'));
    // Also names with both dashes and underscores.
    if (name.split('-').length > 2 && !OF_TRACERS.includes(name))
      forms.push(name.replace('-', '_'));
    const headers = await arrived(forms.map((form) => `${form}: claimed\r\n`).join(''));
    expect(JSON.stringify(headers)).not.toContain('claimed');
  });

  it('those that Connection names are not passed on, and it cannot remove headers of the platform', async () => {
    const connection = headers === UPGRADE ? 'Upgrade, ' : '';
    const names = 'x-mine, X-Forwarded-For, x-request-id , x-forwarded-proto';
    const mine = `X-Mine: 1\r\nProxy-Authorization: Basic x\r\nTE: trailers\r\nKeep-Alive: 5\r\n`;
    const sent = headers.replace('Connection: Upgrade\r\n', '');
    expect(
      await status('/api/open', `${sent}Connection: ${connection}${names}\r\n${mine}`),
    ).toBeLessThan(300);
    await expect.poll(() => received.length).toBe(1);
    const { headers: got } = received[0]!;
    for (const name of ['x-mine', 'proxy-authorization', 'te']) {
      expect(got).not.toHaveProperty(name);
    }
    expect(got).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'shop.example.com',
      'x-request-id': expect.any(String) as string,
    });
  });

  it('if one comes twice, the provider gets the value that the guard checked', async () => {
    const good = await token();
    const twice = `Authorization: Bearer ${good}\r\nAuthorization: Bearer bad\r\n`;
    expect(await status('/api/orders', headers + twice)).toBeLessThan(300);
    await expect.poll(() => received.length).toBe(1);
    expect(received[0]!.headers.authorization).toBe(`Bearer ${good}`);
    const reversed = `Authorization: Bearer bad\r\nAuthorization: Bearer ${good}\r\n`;
    expect(await status('/api/orders', headers + reversed)).toBe(401);
    expect(received).toHaveLength(1);
  });

  it.each([
    'Content-Length: 0\r\nContent-Length: 5\r\n',
    'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
    'Transfer-Encoding: chunked, identity\r\n',
    'x-a : b\r\n',
    ' folded: 1\r\n',
  ])('%j is refused, because a server might read it as two requests', async (more) => {
    expect(await status('/api/open', headers + more)).toBe(400);
    expect(received).toEqual([]);
  });
});

describe('a WebSocket', () => {
  const open = async (
    path: string,
    headers: Record<string, string> = {},
  ): Promise<WebSocket | number | undefined> => {
    const socket = new WebSocket(`${edge.url.replace('http', 'ws')}${path}`, { headers });
    socket.on('error', () => undefined);
    const refused = once(socket, 'unexpected-response') as Promise<[unknown, IncomingMessage]>;
    return Promise.race([
      once(socket, 'open').then(() => socket),
      refused.then(([, answer]) => answer.statusCode),
    ]);
  };

  it('needs the same token as a request, in the header only', async () => {
    const good = await token();
    const path = '/api/orders/live';
    expect(await open(path)).toBe(401);
    expect(await open(path, { authorization: 'Bearer bad' })).toBe(401);
    expect(await open(path, { authorization: `Bearer ${await token(-1)}` })).toBe(401);
    expect(await open(path, { authorization: `Basic ${good}` })).toBe(401);
    expect(await open(`${path}?access_token=${good}&token=${good}`)).toBe(401);
    expect(await open(path, { cookie: `access_token=${good}` })).toBe(401);
    expect(await open(path, { 'sec-websocket-protocol': `bearer, ${good}` })).toBe(401);
    expect(received).toEqual([]);
    const socket = await open(path, { authorization: `Bearer ${good}` });
    expect(socket).toBeInstanceOf(WebSocket);
    (socket as WebSocket).terminate();
  });

  it('ends on both sides when its token expires, and no other one does', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const brief = await open('/api/orders', { authorization: `Bearer ${await token(60)}` });
    const long = await open('/api/orders', {
      authorization: `Bearer ${await token(100 * 365 * 86_400)}`,
    });
    await expect.poll(() => received.length).toBe(2);
    const ended = once(received[0]!.socket, 'close');
    vi.advanceTimersByTime(59_000);
    expect((brief as WebSocket).readyState).toBe(WebSocket.OPEN);
    vi.advanceTimersByTime(1000);
    const [code, reason] = (await once(brief as WebSocket, 'close')) as [number, Buffer];
    expect(code).toBe(1008);
    expect(reason.toString()).toBe('the token has expired');
    await ended;
    expect((long as WebSocket).readyState).toBe(WebSocket.OPEN);
    expect(received[1]!.socket.destroyed).toBe(false);
    // Longer than a single timer can wait.
    vi.advanceTimersByTime(60 * 86_400_000);
    expect((long as WebSocket).readyState).toBe(WebSocket.OPEN);
    (long as WebSocket).terminate();
  });

  it.each(['https://evil.example', 'null', 'http://127.0.0.1:1', 'https://shop.example.com.evil'])(
    'is refused for a page of %s, because the browser would send cookies',
    async (origin) => {
      expect(await open('/api/open', { origin, cookie: 'session=1' })).toBe(403);
      expect(received).toEqual([]);
    },
  );

  it('is allowed for pages of its own host, of origins in cors, and for programs', async () => {
    const own = new URL(edge.url).origin;
    for (const headers of [
      {},
      { origin: own },
      { origin: 'https://shop.example.com' },
      // A proxy in front gives the gateway another host.
      { origin: 'https://shop.test', 'x-forwarded-host': 'shop.test' },
    ] as Record<string, string>[]) {
      const socket = await open('/api/open', headers);
      expect(socket).toBeInstanceOf(WebSocket);
      (socket as WebSocket).terminate();
    }
  });
});
