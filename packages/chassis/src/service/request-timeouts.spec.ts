import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fastify, type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../../tools/testing/free-port.js';
import { readConfig } from './config.js';
import { createService } from './service.js';
import { OpenRequests } from './shutdown.js';
import { endSilentBodies } from './request-timeouts.js';

const PAUSE_MS = 1000;
let app: FastifyInstance;

afterEach(() => app.close());

async function open(): Promise<{ socket: Socket; answer: () => string }> {
  app = fastify();
  endSilentBodies(app, new OpenRequests(app), PAUSE_MS);
  app.addContentTypeParser('*', (_request, payload, done) => {
    // Read after a while, like a slow provider does.
    let size = 0;
    setTimeout(() => payload.on('data', (chunk: Buffer) => (size += chunk.length)), 2 * PAUSE_MS);
    payload.on('end', () => done(null, size));
  });
  app.post('/', (request) => ({ size: request.body }));
  app.get('/slow', async () => sleep(3 * PAUSE_MS, { slow: true }));
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }));
  const socket = connect(Number(port), '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { socket, answer: () => text };
}

const head = (length: number) =>
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\nContent-Length: ${length}\r\n\r\n`;

describe('a body', () => {
  it('may take any time as long as data keeps coming', async () => {
    const { socket, answer } = await open();
    socket.write(head(10));
    for (let i = 0; i < 10; i++) {
      await sleep(PAUSE_MS / 2);
      socket.write('x');
    }
    await expect.poll(answer, { timeout: 20_000 }).toContain('{"size":10}');
  });

  it('that stops coming is a 408, and the connection is closed', async () => {
    const { socket, answer } = await open();
    socket.write(`${head(10)}xxx`);
    await once(socket, 'close');
    expect(answer()).toContain('408');
  });

  it('is not timed out if a handler reads it late', async () => {
    const { socket, answer } = await open();
    socket.write(head(1_000_000));
    socket.write(Buffer.alloc(1_000_000));
    await expect.poll(answer, { timeout: 20_000 }).toContain('{"size":1000000}');
  });

  it('that is complete gives its handler unlimited time', async () => {
    const { socket, answer } = await open();
    socket.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(answer, { timeout: 20_000 }).toContain('{"slow":true}');
  });
});

it('limits the time for headers, and not for whole requests', async () => {
  const env = { NODE_ENV: 'test', LOG_LEVEL: 'silent', PORT: String(await freePort()) };
  const service = createService({ name: 'orders', config: readConfig('orders', {}, env) });
  app = service.app;
  expect(app.server.requestTimeout).toBe(0);
  expect(app.server.headersTimeout).toBe(15_000);
});
