import axios from 'axios';
import { fastify, type FastifyInstance } from 'fastify';
import got from 'got';
import { pino } from 'pino';
import { interceptors, Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorAnswers } from '../errors/errors.js';
import { closedUrl, startProvider, type Provider } from '../testing/provider.js';
import { loggerOptions } from './logger.js';
import { serializeError } from './error-serializer.js';

const config = { NODE_ENV: 'production', LOG_LEVEL: 'info', SERVICE_VERSION: '1.2.3' } as const;
const SECRET = 'hunter2';

let provider: Provider;
const raw: string[] = [];

beforeEach(async () => {
  raw.length = 0;
  provider = await startProvider();
  provider.answer((incoming, response) => {
    response.writeHead(502, { 'set-cookie': `sid=${SECRET}`, 'content-type': 'application/json' });
    response.end(JSON.stringify({ youSent: incoming.headers }));
  });
});
afterEach(() => provider.close());

/** Lets an error of a client through, like a route without a `catch`. */
function appThatCalls(call: () => Promise<unknown>): FastifyInstance {
  const { stream: _, ...options } = loggerOptions('orders', config);
  const app = fastify({
    logger: { ...options, stream: { write: (line: string) => void raw.push(line) } },
  });
  errorAnswers(app);
  app.get('/', call);
  return app;
}

// In the spelling of people: Node writes header names in lower case only if it received them.
const headers = { Authorization: `Bearer ${SECRET}`, 'X-Service-Key': SECRET, COOKIE: SECRET };
const body = { password: SECRET };

/** Throws for a status of 400 or more, as the other two clients do themselves. */
const agent = new Agent().compose(interceptors.responseError());

const clients: Record<string, (url: string) => Promise<unknown>> = {
  axios: (url) => axios.post(`${url}/?access_token=${SECRET}`, body, { headers }),
  got: (url) =>
    got.post(`${url}/?access_token=${SECRET}`, { headers, json: body, retry: { limit: 0 } }),
  undici: (url) =>
    request(`${url}/?access_token=${SECRET}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      dispatcher: agent,
    }),
  fetch: (url) => fetch(`${url}/?access_token=${SECRET}`, { headers }),
};

describe.each(Object.entries(clients))(
  'an error of %s that a route does not catch',
  (name, call) => {
    it('is logged without the request, if the provider cannot be reached', async () => {
      const url = await closedUrl();
      const response = await appThatCalls(() => call(url)).inject('/');
      expect(response.statusCode).toBe(500);
      expect(raw.join('')).not.toContain(SECRET);
      expect(raw.join('')).toContain('ECONNREFUSED');
    });

    it('is logged without the request and the answer', async () => {
      await appThatCalls(() => call(provider.url)).inject('/');
      expect(provider.requests).toHaveLength(1);
      expect(raw.join('')).not.toContain(SECRET);
      // Not for `fetch`, where an answer is no error.
      if (name !== 'fetch') expect(raw.join('')).toContain('"request failed"');
    });

    it('is logged the same under another name, as a message of its own, and in a list', async () => {
      const error = await call(await closedUrl()).catch((reason: unknown) => reason as Error);
      const log = pino(loggerOptions('orders', config), { write: (line) => void raw.push(line) });
      log.error({ error }, 'failed');
      log.error(error);
      log.error({ failed: [error], nested: { error } }, 'failed');
      expect(raw).toHaveLength(3);
      expect(raw.join('')).not.toContain(SECRET);
    });
  },
);

it('keeps what helps to find the fault', () => {
  const lines: Record<string, unknown>[] = [];
  const log = pino(loggerOptions('orders', config), {
    write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  });
  class OrderError extends Error {}
  const cause = Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:5432'), {
    code: 'ECONNREFUSED',
    address: '10.0.0.7',
    port: 5432,
  });
  const error = new OrderError('order 12 cannot be saved', { cause });
  log.error({ err: Object.assign(error, { constraint: 'orders_pkey', row: { card: SECRET } }) });
  expect(lines[0]).toMatchObject({
    msg: 'order 12 cannot be saved',
    err: {
      type: 'OrderError',
      message: 'order 12 cannot be saved',
      stack: expect.stringContaining('error-serializer.spec.ts') as string,
      constraint: 'orders_pkey',
      cause: { type: 'Error', code: 'ECONNREFUSED', address: '10.0.0.7', port: 5432 },
    },
  });
  expect(lines[0]!['err']).not.toHaveProperty('row');
});

it('ends if errors are causes of each other', () => {
  const [a, b] = [new Error('a'), new Error('b')];
  a.cause = b;
  b.cause = a;
  const log = pino(loggerOptions('orders', config), { write: (line) => void raw.push(line) });
  log.error({ err: a });
  expect(raw).toHaveLength(1);
});

it('removes secrets of a query from the access log', async () => {
  const app = appThatCalls(() => Promise.resolve({}));
  await app.inject({ url: `/?access_token=${SECRET}&page=2`, headers });
  expect(raw).toHaveLength(2);
  expect(raw.join('')).not.toContain(SECRET);
  expect(raw[0]).toContain('page=2');
});

it.each(Object.keys(headers))('hides the header %s anywhere in a line', (name) => {
  const log = pino(loggerOptions('orders', config), { write: (line) => void raw.push(line) });
  const secret = { [name]: SECRET };
  log.info({ headers: secret, a: { deep: [{ request: { headers: secret } }] } });
  log.child({ call: { headers: secret } }).info('of a child');
  expect(raw).toHaveLength(2);
  expect(raw.join('')).not.toContain(SECRET);
});

it('logs what it can of an error whose fields throw', () => {
  const error = new Error('a');
  for (const field of ['code', 'cause', 'errors']) {
    Object.defineProperty(error, field, {
      get: () => {
        throw new Error('b');
      },
    });
  }
  expect(serializeError(error)).toMatchObject({ type: 'Error', message: 'a' });
});
