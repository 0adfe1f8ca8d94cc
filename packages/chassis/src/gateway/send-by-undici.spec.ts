import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClientOver } from '../calls/client.js';
import { sendByFetch } from '../calls/send.js';
import { failure } from '../testing/call-failure.js';
import { closedUrl, startProvider, type Provider } from '../testing/provider.js';
import { sendByUndici } from './send-by-undici.js';

describe.each([
  ['fetch', () => sendByFetch],
  ['undici', sendByUndici],
])('a client over %s', (_name, open) => {
  let provider: Provider;
  const log = { info: () => {}, warn: () => {} };
  const client = (url = provider.url, timeoutMs = 5000) =>
    createClientOver(open(), 'catalog', { url, timeoutMs, retries: 0, log });

  beforeEach(async () => {
    provider = await startProvider();
  });
  afterEach(() => provider.close());

  it('sends a body and headers below the path of its base, and reads an answer of several parts', async () => {
    let body = '';
    provider.answer((request, response) => {
      request.on('data', (data: Buffer) => (body += data.toString()));
      request.on('end', () => {
        response.writeHead(201, { 'X-Shop': 'one', 'set-cookie': ['a=1', 'b=2'] });
        response.write(Buffer.from('{"name":"t\u00e9a"}').subarray(0, 11));
        setTimeout(() => response.end(Buffer.from('{"name":"t\u00e9a"}').subarray(11)), 5);
      });
    });
    const answer = await client(`${provider.url}/base/`).request('POST', '/graphql', {
      json: { query: '{ a }' },
      query: { page: 2 },
      headers: { 'X-Request-Id': 'r-1' },
    });
    expect(answer).toMatchObject({ status: 201, body: { name: 't\u00e9a' } });
    expect(answer.headers.get('x-shop')).toBe('one');
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(body).toBe('{"query":"{ a }"}');
    expect(provider.requests[0]).toMatchObject({
      method: 'POST',
      url: '/base/graphql?page=2',
      headers: { 'content-type': 'application/json', 'x-request-id': 'r-1' },
    });
  });

  it('follows no redirect', async () => {
    provider.answer((_request, response) => response.writeHead(307, { location: '/b' }).end());
    expect(await failure(client().get('/a'))).toMatchObject({ kind: 'refused', status: 307 });
    expect(provider.requests).toHaveLength(1);
  });

  it.each<[string, Parameters<Provider['answer']>[0]]>([
    ['that never begins', () => {}],
    ['that never ends', (_request, response) => void response.write('{')],
  ])('waits no longer than its limit for an answer %s', async (_kind, answer) => {
    provider.answer(answer);
    expect(await failure(client(provider.url, 60).get('/'))).toMatchObject({
      kind: 'timeout',
      statusCode: 504,
    });
  });

  it('waits no longer than its limit for a connection', async () => {
    // It accepts one connection, and those after its queue is full get no answer.
    const full = createServer().listen(0, '127.0.0.1', 0);
    await once(full, 'listening');
    const { port } = full.address() as AddressInfo;
    const started = performance.now();
    const calls = Array.from({ length: 4 }, () =>
      failure(client(`http://127.0.0.1:${port}`, 60).get('/')),
    );
    for (const one of await Promise.all(calls)) expect(one).toMatchObject({ kind: 'timeout' });
    expect(performance.now() - started).toBeLessThan(3000);
    full.close();
  });

  it('tells that nobody listens, and that an answer broke off', async () => {
    expect(await failure(client(await closedUrl()).get('/'))).toMatchObject({
      kind: 'unreachable',
    });
    provider.answer((_request, response) => {
      response.write('{');
      setTimeout(() => response.destroy(), 5);
    });
    expect(await failure(client().get('/'))).toMatchObject({ kind: 'unreachable' });
  });

  it('throws the reason of a signal, before and while it waits', async () => {
    const reason = new Error('not needed any more');
    await expect(client().get('/', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    provider.answer(() => controller.abort(reason));
    await expect(client().get('/', { signal: controller.signal })).rejects.toBe(reason);
  });
});
