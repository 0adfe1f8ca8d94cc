import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { HttpError } from '../errors/errors.js';
import { startGateway, type TestGateway } from '../testing/gateway.js';
import { closedUrl } from '../testing/provider.js';
import type { ProviderRoute } from './gateway.js';

let edge: TestGateway | undefined;
let handshakes: IncomingMessage[];
let server: ReturnType<typeof createServer>;
let url: string;

/** A provider that sends back what it gets. */
beforeEach(async () => {
  handshakes = [];
  server = createServer((_request, response) => response.end('{}'));
  new WebSocketServer({ server }).on('connection', (socket, request) => {
    handshakes.push(request);
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
): Promise<string> {
  edge = await startGateway({ providers: [{ service: 'live', url: provider, routes }] }, before);
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

  it('is refused as a request would be', async () => {
    const base = await start(undefined, undefined, async (app) => {
      app.addHook('onRequest', () => Promise.reject(new HttpError(401, 'no')));
      return Promise.resolve();
    });
    expect(await refusal(new WebSocket(`${base}/api/live`))).toBe(401);
    expect(handshakes).toEqual([]);
  });

  it('is refused where the route has none, also beside one that has', async () => {
    const base = await start([{ path: '/api/live', websocket: true }, { path: '/api/orders' }]);
    expect(await refusal(new WebSocket(`${base}/api/orders`))).toBe(400);
    expect(await refusal(new WebSocket(`${base}/api/nothing`))).toBe(404);
  });

  it('is closed where the provider is down, which is named and not located', async () => {
    const socket = new WebSocket(`${await start(undefined, await closedUrl())}/api/live`);
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
    expect(code).toBe(1011);
    expect(reason.toString()).toBe('live cannot be reached');
  });

  it('ends when the gateway stops, and does not hold it up', async () => {
    const socket = new WebSocket(`${await start()}/api/live`);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    const begun = performance.now();
    await edge!.service.stop();
    await closed;
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});
