import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { HttpError } from '../errors/errors.js';
import { startGateway, type TestGateway } from '../testing/gateway.js';
import { closedUrl } from '../testing/provider.js';
import type { ProviderRoute } from './gateway.js';
import type { WebSocketLimits } from './websocket.js';

let edge: TestGateway | undefined;
let handshakes: IncomingMessage[];
let server: ReturnType<typeof createServer>;
let url: string;

let flooded = 0;
let deaf: WebSocket | undefined;
let heard = 0;

/** Sends as much as the connection accepts. */
function flood(socket: WebSocket): void {
  if (socket.readyState !== WebSocket.OPEN) return;
  socket.send(Buffer.alloc(65_536), () => {
    flooded += 65_536;
    setImmediate(flood, socket);
  });
}

/** A provider that echoes messages, or does what its query asks for. */
beforeEach(async () => {
  handshakes = [];
  flooded = heard = 0;
  server = createServer((_request, response) => response.end('{}'));
  new WebSocketServer({ server }).on('connection', (socket, request) => {
    handshakes.push(request);
    const { searchParams } = new URL(request.url ?? '', 'http://a');
    if (searchParams.has('say')) socket.send(Buffer.alloc(Number(searchParams.get('say'))));
    if (searchParams.has('flood')) flood(socket);
    if (searchParams.has('deaf')) {
      deaf = socket;
      socket.pause();
      socket.on('message', (data: Buffer) => (heard += data.length));
      return;
    }
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await edge?.service.stop();
  edge = undefined;
  server.closeAllConnections();
  server.close();
});

async function start(
  routes: readonly ProviderRoute[] = [{ path: '/api/live', websocket: true }],
  provider = url,
  before?: Parameters<typeof startGateway>[1],
  webSockets?: WebSocketLimits,
): Promise<string> {
  const providers = [{ service: 'live', url: provider, routes }];
  edge = await startGateway({ providers, webSockets }, before);
  return edge.url.replace('http:', 'ws:');
}

async function refusal(socket: WebSocket): Promise<number | undefined> {
  socket.on('error', () => undefined);
  const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  return answer.statusCode;
}

describe('a WebSocket', () => {
  it('reaches the provider with its path and context, and messages go both ways', async () => {
    const socket = new WebSocket(`${await start()}/api/live/7?since=1`, 'chat', {
      headers: { 'x-request-id': 'abc', 'x-service-key': 'stolen', cookie: 'a=b' },
    });
    await once(socket, 'open');
    expect(socket.protocol).toBe('chat');
    socket.send('hello');
    expect(String((await once(socket, 'message'))[0])).toBe('hello');
    socket.send(Buffer.from([1, 2, 3]));
    expect((await once(socket, 'message'))[0]).toEqual(Buffer.from([1, 2, 3]));
    expect(handshakes[0]!.url).toBe('/api/live/7?since=1');
    expect(handshakes[0]!.headers).toMatchObject({
      'x-request-id': 'abc',
      'x-forwarded-for': '127.0.0.1',
      cookie: 'a=b',
      host: new URL(url).host,
    });
    expect(handshakes[0]!.headers).not.toHaveProperty('x-service-key');
    expect(handshakes[0]!.headers).not.toHaveProperty('x-deadline-ms');
    socket.close();
    await once(socket, 'close');
  });

  it('is refused like a request would be', async () => {
    const base = await start(undefined, undefined, async (app) => {
      app.addHook('onRequest', () => Promise.reject(new HttpError(401, 'no')));
      return Promise.resolve();
    });
    expect(await refusal(new WebSocket(`${base}/api/live`))).toBe(401);
    expect(handshakes).toEqual([]);
  });

  it('is refused on a route without WebSockets, also beside one that has them', async () => {
    const base = await start([{ path: '/api/live', websocket: true }, { path: '/api/orders' }]);
    expect(await refusal(new WebSocket(`${base}/api/orders`))).toBe(400);
    expect(await refusal(new WebSocket(`${base}/api/nothing`))).toBe(404);
  });

  it('is closed if the provider is down, with its name but not its address', async () => {
    const socket = new WebSocket(`${await start(undefined, await closedUrl())}/api/live`);
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
    expect(code).toBe(1011);
    expect(reason.toString()).toBe('live cannot be reached');
  });

  it('ends when the gateway stops, and does not delay it', async () => {
    const socket = new WebSocket(`${await start()}/api/live`);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    const begun = performance.now();
    await edge!.service.stop();
    await closed;
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it('gets a close code that says that the gateway stops', async () => {
    const socket = new WebSocket(`${await start()}/api/live`);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    await edge!.service.stop();
    expect((await closed)[0]).toBe(1001);
  });

  const limited = (limits: WebSocketLimits) => start(undefined, undefined, undefined, limits);

  it('ends with 1009 if a message from either side is too long', async () => {
    const base = await limited({ maxMessageBytes: 1000 });
    const fromCaller = new WebSocket(`${base}/api/live`);
    await once(fromCaller, 'open');
    fromCaller.send(Buffer.alloc(1000));
    expect((await once(fromCaller, 'message'))[0]).toHaveLength(1000);
    fromCaller.send(Buffer.alloc(1001));
    expect((await once(fromCaller, 'close'))[0]).toBe(1009);

    const inParts = new WebSocket(`${base}/api/live`);
    await once(inParts, 'open');
    for (let part = 0; part < 4; part++) inParts.send(Buffer.alloc(300), { fin: part === 3 });
    expect((await once(inParts, 'close'))[0]).toBe(1009);

    const fromProvider = new WebSocket(`${base}/api/live?say=2000`);
    expect((await once(fromProvider, 'close'))[0]).toBeGreaterThan(1000);
  });

  it('does not store what a caller does not read', async () => {
    const base = await limited({});
    const socket = await rawWebSocket(base, '/api/live?flood=1');
    socket.pause();
    // What fits in between: buffers of the system, and the limit of the gateway.
    const sent = await settled(() => flooded);
    expect(sent).toBeGreaterThan(1_000_000);
    expect(sent).toBeLessThan(40_000_000);
    socket.destroy();
  });

  it('does not store what a provider does not read, and passes on everything when it reads again', async () => {
    const base = await limited({ maxMessageBytes: 4_000_000 });
    const socket = new WebSocket(`${base}/api/live?deaf=1`);
    await once(socket, 'open');
    for (let i = 0; i < 60; i++) socket.send(Buffer.alloc(1_000_000));
    expect(await settled(() => socket.bufferedAmount)).toBeGreaterThan(10_000_000);
    deaf!.resume();
    await expect.poll(() => heard, { timeout: 25_000 }).toBe(60_000_000);
    socket.close();
    await once(socket, 'close');
  });

  it('is cut off if its caller is silent, but not if it answers', async () => {
    const base = await limited({ heartbeatMs: 400 });
    const alive = new WebSocket(`${base}/api/live`);
    await once(alive, 'open');
    const dead = await rawWebSocket(base, '/api/live');
    const ended = once(dead.resume(), 'close');
    await ended;
    await sleep(400);
    expect(alive.readyState).toBe(WebSocket.OPEN);
    alive.close();
    await once(alive, 'close');
  });

  it('ends with the gateway even if its caller never answers', async () => {
    const socket = await rawWebSocket(await start(), '/api/live');
    const ended = once(socket.resume(), 'close');
    const begun = performance.now();
    await edge!.service.stop();
    await ended;
    expect(performance.now() - begun).toBeLessThan(20_000);
  });

  it('ends with the gateway even if its caller does not read', async () => {
    const socket = await rawWebSocket(await start(), '/api/live?flood=1');
    socket.pause();
    await sleep(500);
    const begun = performance.now();
    await edge!.service.stop();
    expect(performance.now() - begun).toBeLessThan(20_000);
    socket.destroy();
  });

  it('keeps messages that arrive before the provider is connected', async () => {
    const socket = new WebSocket(`${await start()}/api/live`);
    socket.on('open', () => ['a', 'b', 'c'].forEach((text) => socket.send(text)));
    const messages: string[] = [];
    socket.on('message', (data: Buffer) => messages.push(data.toString()));
    await expect.poll(() => messages).toEqual(['a', 'b', 'c']);
    socket.close();
    await once(socket, 'close');
  });
});

/** The value when it has not changed for a while. */
async function settled(read: () => number): Promise<number> {
  for (let last = -1; ;) {
    const now = read();
    if (now === last && now > 0) return now;
    last = now;
    await sleep(1000);
  }
}

/** A caller that sends no WebSocket frames after the handshake. */
async function rawWebSocket(base: string, path: string): Promise<Socket> {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toContain('101 Switching Protocols');
  return socket;
}
