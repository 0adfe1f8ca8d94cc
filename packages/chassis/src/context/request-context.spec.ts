import { setTimeout as sleep } from 'node:timers/promises';
import { fastify } from 'fastify';
import { describe, expect, it } from 'vitest';
import {
  contextHeaders,
  currentContext,
  leaveTraceparentToTracing,
  parseContext,
  parseRequestId,
  remainingMs,
  requestContext,
  requestIdOptions,
  runInContext,
} from './request-context.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE_ID}-00f067aa0ba902b7-01`;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('parseRequestId', () => {
  it.each(['abc', 'A.b_c-1', 'x'.repeat(128)])('keeps %s', (id) => {
    expect(parseRequestId({ 'x-request-id': id })).toBe(id);
  });

  it.each(['', 'a b', 'a\nb', 'ä', 'x'.repeat(129), '<script>'])('replaces %j', (id) => {
    expect(parseRequestId({ 'x-request-id': id })).toMatch(UUID);
  });

  it('uses the trace id if there is no request id', () => {
    expect(parseRequestId({ traceparent: TRACEPARENT })).toBe(TRACE_ID);
    expect(parseRequestId({ 'x-request-id': 'a', traceparent: TRACEPARENT })).toBe('a');
  });

  it('uses the trace id of later versions, which may have more fields', () => {
    expect(parseRequestId({ traceparent: `cc${TRACEPARENT.slice(2)}-more` })).toBe(TRACE_ID);
  });

  it.each([
    '',
    TRACEPARENT.toUpperCase(),
    `ff${TRACEPARENT.slice(2)}`,
    `${TRACEPARENT}-more`,
    TRACEPARENT.replace(TRACE_ID, '0'.repeat(32)),
    TRACEPARENT.replace('00f067aa0ba902b7', '0'.repeat(16)),
    TRACEPARENT.slice(0, -1),
  ])('does not use that of %j', (traceparent) => {
    expect(parseRequestId({ traceparent })).toMatch(UUID);
  });
});

describe('the deadline', () => {
  it('counts from the arrival of the request', async () => {
    const context = parseContext({ 'x-deadline-ms': '200' });
    expect(remainingMs(context)).toBeGreaterThan(150);
    await sleep(60);
    expect(remainingMs(context)).toBeLessThan(150);
  });

  it('never goes below 0', () => {
    expect(remainingMs({ requestId: 'a', deadline: performance.now() - 1 })).toBe(0);
  });

  it.each(['', '-1', '1.5', 'soon', '1e3', '9999999999'])(
    'does not exist if the header is %j',
    (given) => {
      expect(remainingMs(parseContext({ 'x-deadline-ms': given }))).toBeUndefined();
    },
  );
});

describe('contextHeaders', () => {
  it('is empty outside of a request', () => {
    expect(contextHeaders()).toEqual({});
  });

  it('contains what belongs to the request, but no authorization', () => {
    const context = parseContext({
      'x-request-id': 'abc',
      traceparent: TRACEPARENT,
      'x-deadline-ms': '1000',
      authorization: 'Bearer hunter2',
    });
    expect(context.authorization).toBe('Bearer hunter2');
    expect(runInContext(context, () => contextHeaders())).toEqual({
      'x-request-id': 'abc',
      traceparent: TRACEPARENT,
      'x-deadline-ms': expect.stringMatching(/^(9\d\d|1000)$/) as string,
    });
  });

  it('leaves traceparent to tracing if that is on', () => {
    const context = parseContext({ 'x-request-id': 'abc', traceparent: TRACEPARENT });
    leaveTraceparentToTracing(true);
    expect(contextHeaders(context)).toEqual({ 'x-request-id': 'abc' });
    leaveTraceparentToTracing(false);
    expect(contextHeaders(context)).toHaveProperty('traceparent');
  });
});

describe('requestContext', () => {
  function app() {
    const app = fastify(requestIdOptions());
    requestContext(app);
    const answer = async () => {
      const before = currentContext()?.requestId;
      await sleep(5);
      return { before, after: currentContext()?.requestId };
    };
    app.get('/', answer);
    app.post('/', answer);
    return app;
  }

  it('is available in a handler, also after an await', async () => {
    const response = await app().inject({ url: '/', headers: { 'x-request-id': 'abc' } });
    expect(response.json()).toEqual({ before: 'abc', after: 'abc' });
    expect(response.headers['x-request-id']).toBe('abc');
  });

  it('is the right one for each of many concurrent requests, with bodies over real sockets', async () => {
    const server = app();
    const url = await server.listen({ port: 0 });
    const ids = Array.from({ length: 50 }, (_, index) => `id-${index}`);
    const answers = await Promise.all(
      ids.map(async (id) => {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'x-request-id': id, 'content-type': 'application/json' },
          body: JSON.stringify({ text: 'x'.repeat(20_000) }),
        });
        return await response.json();
      }),
    );
    await server.close();
    expect(answers).toEqual(ids.map((id) => ({ before: id, after: id })));
  });

  it('answers with an id even if there is no route', async () => {
    const response = await app().inject('/missing');
    expect(response.headers['x-request-id']).toMatch(UUID);
  });
});
