import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runWith } from '../testing/run-with.js';

/** Records the requests it gets, as a proxy or as an issuer. */
let asked: string[];
let server: ReturnType<typeof createServer>;
let url: string;

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(`GET ${request.url}`);
    response.statusCode = 404;
    response.end();
  });
  server.on('connect', ({ url: target }, socket) => {
    asked.push(`CONNECT ${target}`);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function fetchKeys(issuer: string, more: Record<string, string> = {}): Promise<void> {
  const { stdout } = await runWith(
    { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: url, HTTPS_PROXY: url, ...more },
    `import { publishedKeys } from '${new URL('./published-keys.ts', import.meta.url).href}';
     const log = { info() {}, warn() {}, error() {} };
     const { keyOf } = publishedKeys({ url: process.argv[1], timeoutMs: 10000, maxAgeMs: 1000, maxStaleMs: 1000, cooldownMs: 1000, log });
     await keyOf({ alg: 'RS256', kid: 'a' }, {}).then(() => console.log('keys'), () => console.log('none'));`,
    issuer,
  );
  expect(stdout.trim()).toBe('none');
}

it('of an external issuer are fetched through the proxy of the environment', async () => {
  await fetchKeys('https://id.example.test/keys');
  expect(asked).toEqual(['CONNECT id.example.test:443']);
});

it('of a neighbouring issuer, or one in NO_PROXY, are fetched directly', async () => {
  await fetchKeys(`${url}/keys`);
  expect(asked).toEqual(['GET /keys']);
  await fetchKeys('https://id.example.test/keys', { NO_PROXY: 'example.test' });
  expect(asked).toEqual(['GET /keys']);
});
