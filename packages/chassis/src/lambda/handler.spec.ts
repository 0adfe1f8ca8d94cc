import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createService, readConfig, type Config, type Resource, type Service } from '../index.js';
import { lambdaHandler } from './handler.js';
import type { HttpAnswer, HttpEvent } from './http-event.js';

const variables = {};
const env = { LOG_LEVEL: 'silent' };
const PIXEL = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff, 0x00]);

function createApp(config: Config<typeof variables>, resources: Resource[] = []): Service {
  return createService({
    name: 'hello',
    config,
    resources,
    routes: (app) => {
      app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_, body, done) =>
        done(null, body),
      );
      app.all('/echo/*', (request) => ({
        method: request.method,
        // Format 1.0 has the query decoded, so the text of the URL may be escaped in another way.
        path: request.url.split('?')[0],
        query: request.query,
        params: request.params,
        cookie: request.headers.cookie,
        accept: request.headers.accept,
        tags: request.headers['x-tag'],
        body: Buffer.isBuffer(request.body) ? request.body.toString('hex') : request.body,
        names: Object.keys(request.headers).filter((name) => name.includes('lambda')),
      }));
      app.get('/pixel', (_, reply) => reply.type('image/png').send(PIXEL));
      app.get('/zipped', (_, reply) =>
        reply.header('content-encoding', 'gzip').type('text/plain').send(gzipSync('hello')),
      );
      app.get('/umlaut', (_, reply) => reply.type('text/plain; charset=utf-8').send('grüezi €'));
      app.get('/login', (_, reply) =>
        reply.header('set-cookie', ['a=1; Path=/', 'b=2; HttpOnly']).send({}),
      );
      app.get('/one-cookie', (_, reply) => reply.header('set-cookie', 'a=1').send({}));
      app.get('/vary', (_, reply) => reply.header('vary', ['a', 'b']).send({}));
      app.get('/moved', (_, reply) => reply.redirect('/echo/x', 302));
      app.delete('/gone', (_, reply) => reply.code(204).send());
      app.get('/broken', () => {
        throw new Error('secret of the inside');
      });
    },
  });
}

interface Sent {
  method?: string;
  path: string;
  query?: string;
  /** A list for a header that is sent several times. */
  headers?: Record<string, string | string[]>;
  body?: Buffer;
}

const ID = { 'X-Request-Id': 'abc' };
const json = { 'Content-Type': 'application/json' };

const REQUESTS: [string, Sent][] = [
  [
    'a query with commas, repeated names and escapes',
    { path: '/echo/a', query: 'a=1,2&b=3&b=4&c=%C3%BC+x%2C' },
  ],
  ['an escaped path', { path: '/echo/a%20b', query: '' }],
  ['cookies', { path: '/echo/a', headers: { Cookie: 'a=1; b=2' } }],
  ['repeated headers', { path: '/echo/a', headers: { 'X-Tag': ['a', 'b'] } }],
  [
    'a body of JSON',
    { method: 'POST', path: '/echo/a', headers: json, body: Buffer.from('{"name":"Zoë"}') },
  ],
  ['broken JSON', { method: 'POST', path: '/echo/a', headers: json, body: Buffer.from('{') }],
  [
    'a body of bytes',
    {
      method: 'PUT',
      path: '/echo/a',
      headers: { 'Content-Type': 'application/octet-stream' },
      body: PIXEL,
    },
  ],
  [
    'a body of an unknown type',
    {
      method: 'POST',
      path: '/echo/a',
      headers: { 'Content-Type': 'text/csv' },
      body: Buffer.from('a,b'),
    },
  ],
  [
    'a body that is too large',
    { method: 'POST', path: '/echo/a', headers: json, body: Buffer.alloc(2 ** 20 + 1, 32) },
  ],
  ['an answer of bytes', { path: '/pixel' }],
  ['an answer that is compressed', { path: '/zipped' }],
  ['an answer beyond ASCII', { path: '/umlaut' }],
  ['several cookies to set', { path: '/login' }],
  ['one cookie to set', { path: '/one-cookie' }],
  ['a header with several values', { path: '/vary' }],
  ['a redirect', { path: '/moved' }],
  ['an answer without a body', { method: 'DELETE', path: '/gone' }],
  ['HEAD', { method: 'HEAD', path: '/umlaut' }],
  ['no such route', { path: '/none' }],
  ['a failure', { path: '/broken' }],
  ['/health', { path: '/health' }],
  ['/ready', { path: '/ready' }],
];

describe('a service as a Lambda function', () => {
  let listening: Service;
  let handler: (event: HttpEvent) => Promise<HttpAnswer>;

  beforeAll(async () => {
    listening = createApp(readConfig('hello', variables, { ...env, PORT: '8080' }));
    await listening.start({ listen: false });
    await listening.app.listen({ host: '127.0.0.1', port: 0 });
    handler = await lambdaHandler('hello', variables, createApp, env);
  });
  afterAll(() => listening.stop());

  const sentOverHttp = (sent: Sent) =>
    answerOf((listening.app.server.address() as AddressInfo).port, sent);

  describe.each(REQUESTS)('answers %s as in its container', (_, sent) => {
    it('with payload format 1.0', async () => {
      const answer = await handler(versionOne(sent));
      expect(comparable(answer)).toEqual(await sentOverHttp(sent));
    });

    it('with payload format 2.0', async () => {
      const answer = await handler(versionTwo(sent));
      expect(comparable(answer)).toEqual(await sentOverHttp(sent));
    });
  });

  it("keeps the client's request id, and takes that of API Gateway otherwise", async () => {
    const id = async (event: HttpEvent) => (await handler(event)).headers['x-request-id'];
    const sent = { path: '/umlaut' };
    expect(await id(versionTwo(sent))).toBe('abc');
    expect(await id({ ...versionTwo(sent), headers: {} })).toBe('gateway-id');
    expect(await id({ ...versionOne(sent), headers: null, multiValueHeaders: null })).toBe(
      'gateway-id',
    );
  });

  it.each([
    ['an HTTP API of format 2.0', { ...versionTwo({ path: '/prod/umlaut' }) }],
    ['an HTTP API of format 1.0', { ...versionOne({ path: '/prod/umlaut' }), version: '1.0' }],
  ])('does not see the stage of %s', async (_, event) => {
    const { statusCode } = await handler({
      ...event,
      requestContext: { ...event.requestContext, stage: 'prod' },
    });
    expect(statusCode).toBe(200);
  });

  it('keeps a route that has the name of the stage of a REST API', async () => {
    const event = versionOne({ path: '/echo/a' });
    const { statusCode } = await handler({
      ...event,
      requestContext: { ...event.requestContext, stage: 'echo' },
    });
    expect(statusCode).toBe(200);
  });

  it('hides /health from callers outside, as its container does', async () => {
    const event = versionTwo({ path: '/health' });
    const { statusCode } = await handler({
      ...event,
      requestContext: { ...event.requestContext, http: { method: 'GET', sourceIp: '203.0.113.9' } },
    });
    expect(statusCode).toBe(404);
  });

  it('refuses an event that is not an HTTP request', async () => {
    await expect(handler({ Records: [] } as HttpEvent)).rejects.toThrow(
      'this function answers HTTP requests of API Gateway and of function URLs (payload format 1.0 or 2.0) only; the event has the keys: Records',
    );
    const ofBalancer = { ...versionOne({ path: '/' }), requestContext: { elb: {} } };
    await expect(handler(ofBalancer)).rejects.toThrow(/answers HTTP requests of API Gateway/);
  });
});

it('fails to load if variables are missing, with all of them', async () => {
  await expect(lambdaHandler('hello', variables, createApp, { LOG_LEVEL: 'loud' })).rejects.toThrow(
    /The configuration of hello is not valid:\n {2}LOG_LEVEL: /,
  );
});

it('starts its resources when they answer, and tells /ready so', async () => {
  let isUp = false;
  const started: string[] = [];
  const database: Resource = {
    name: 'database',
    kind: 'database',
    check: () => (isUp ? Promise.resolve() : Promise.reject(new Error('down'))),
    start: () => void started.push('database'),
    close: () => Promise.resolve(),
  };
  const handler = await lambdaHandler(
    'hello',
    variables,
    (config) => createApp(config, [database]),
    env,
  );
  const ready = async () => (await handler(versionTwo({ path: '/ready' }))).statusCode;
  expect(await ready()).toBe(503);
  isUp = true;
  await expect.poll(ready, { timeout: 10_000 }).toBe(200);
  expect(started).toEqual(['database']);
});

function entriesOf({ headers = {} }: Sent): [string, string[]][] {
  return Object.entries({ ...ID, ...headers }).map(([name, value]) => [name, [value].flat()]);
}

/** As a REST API sends it: every value of every header, and the query decoded. */
function versionOne(sent: Sent): HttpEvent {
  const query = new URLSearchParams(sent.query);
  const names = [...new Set(query.keys())];
  return {
    httpMethod: sent.method ?? 'GET',
    path: sent.path,
    headers: Object.fromEntries(entriesOf(sent).map(([name, values]) => [name, values.at(-1)])),
    multiValueHeaders: Object.fromEntries(entriesOf(sent)),
    queryStringParameters: sent.query ? Object.fromEntries(query) : null,
    multiValueQueryStringParameters: sent.query
      ? Object.fromEntries(names.map((name) => [name, query.getAll(name)]))
      : null,
    body: sent.body ? sent.body.toString('base64') : null,
    isBase64Encoded: sent.body !== undefined,
    requestContext: { stage: 'prod', requestId: 'gateway-id', identity: { sourceIp: '127.0.0.1' } },
  };
}

/** As an HTTP API or a function URL sends it: lower-case names, joined values, cookies apart. */
function versionTwo(sent: Sent): HttpEvent {
  const lower = entriesOf(sent).map(([name, values]) => [name.toLowerCase(), values.join(', ')]);
  const { cookie, ...headers } = Object.fromEntries(lower) as Record<string, string>;
  const query = new URLSearchParams(sent.query);
  const isText = sent.body?.every((byte) => byte < 0x80) ?? false;
  return {
    version: '2.0',
    rawPath: sent.path,
    rawQueryString: sent.query ?? '',
    headers,
    ...(cookie === undefined ? {} : { cookies: cookie.split('; ') }),
    queryStringParameters: Object.fromEntries(
      [...query.keys()].map((name) => [name, query.getAll(name).join(',')]),
    ),
    ...(sent.body && { body: sent.body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: sent.body !== undefined && !isText,
    requestContext: {
      stage: '$default',
      requestId: 'gateway-id',
      http: { method: sent.method ?? 'GET', sourceIp: '127.0.0.1' },
    },
  };
}

interface Comparable {
  status: number;
  headers: Record<string, unknown>;
  body: string;
}

/** An answer of either kind, without what differs from call to call or is of the connection. */
function comparableOf(status: number, headers: IncomingHttpHeaders, body: Buffer): Comparable {
  const { date: _, connection: _c, 'keep-alive': _k, 'transfer-encoding': _t, ...rest } = headers;
  // A space between values means nothing (RFC 9110, 5.6.1).
  if (rest.vary !== undefined) rest.vary = rest.vary.replaceAll(', ', ',');
  return { status, headers: rest, body: body.toString('base64') };
}

function comparable(answer: HttpAnswer): Comparable {
  const several = answer.cookies ?? answer.multiValueHeaders?.['set-cookie'];
  const one = answer.headers['set-cookie'];
  const cookies = several ?? (one === undefined ? undefined : [one]);
  return comparableOf(
    answer.statusCode,
    { ...answer.headers, ...(cookies && { 'set-cookie': cookies }) },
    Buffer.from(answer.body, answer.isBase64Encoded ? 'base64' : 'utf8'),
  );
}

function answerOf(port: number, sent: Sent): Promise<Comparable> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      method: sent.method ?? 'GET',
      path: sent.query ? `${sent.path}?${sent.query}` : sent.path,
      headers: {
        ...Object.fromEntries(
          entriesOf(sent).map(([name, values]) => [name, values.length > 1 ? values : values[0]]),
        ),
        ...(sent.body && { 'content-length': sent.body.length }),
      },
      agent: false,
    });
    request.on('error', reject).on('response', (response) => {
      const parts: Buffer[] = [];
      response
        .on('data', (part: Buffer) => parts.push(part))
        .on('end', () =>
          resolve(comparableOf(response.statusCode!, response.headers, Buffer.concat(parts))),
        );
    });
    request.end(sent.body);
  });
}
