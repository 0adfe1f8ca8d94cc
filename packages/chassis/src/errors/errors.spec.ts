import { fastify } from 'fastify';
import { describe, expect, it } from 'vitest';
import { logLines } from '../testing/log-lines.js';
import { errorAnswers, formatReason, HttpError, missingPackage } from './errors.js';

describe('errorAnswers', () => {
  async function answerTo(error: unknown) {
    const { lines, stream } = logLines();
    const app = fastify({ logger: { stream } });
    errorAnswers(app);
    app.get('/', () => Promise.reject(error as Error));
    const response = await app.inject('/');
    return { response, lines };
  }

  it('say what is wrong with a request', async () => {
    const { response } = await answerTo(new HttpError(404, 'order 12 does not exist'));
    expect(response.statusCode).toBe(404);
    expect(response.json()).toEqual({
      statusCode: 404,
      error: 'Not Found',
      message: 'order 12 does not exist',
    });
  });

  it('keep the code of a Fastify error', async () => {
    const { lines, stream } = logLines();
    const app = fastify({ logger: { stream } });
    errorAnswers(app);
    app.post('/', () => ({}));
    const headers = { 'content-type': 'application/json' };
    const response = await app.inject({ method: 'POST', url: '/', headers, payload: '{' });
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ code: 'FST_ERR_CTP_INVALID_JSON_BODY' });
    expect(lines.some(({ level }) => Number(level) >= 50)).toBe(false);
  });

  it.each([
    new Error('password is hunter2'),
    new HttpError(503, 'password is hunter2'),
    Object.assign(new Error('password is hunter2'), { statusCode: 200, code: 'hunter2' }),
    'hunter2',
    { statusCode: 502, message: 'hunter2' },
  ])('say nothing about an internal error, case %#', async (error) => {
    const { response } = await answerTo(error);
    expect(response.statusCode).toBeGreaterThanOrEqual(500);
    expect(response.body).not.toContain('hunter2');
  });

  it('log an internal error with its stack', async () => {
    const { lines } = await answerTo(new Error('no space left'));
    const line = lines.find(({ level }) => level === 50);
    expect(line).toMatchObject({ msg: 'request failed', err: { message: 'no space left' } });
  });

  it('log a mistake of the caller in one line, without a stack', async () => {
    const { lines } = await answerTo(new HttpError(401, 'a key is missing'));
    const line = lines.find(({ msg }) => msg === 'request refused');
    expect(line).toMatchObject({ level: 30, reason: 'a key is missing' });
    expect(JSON.stringify(line)).not.toContain('errors.spec');
  });
});

describe('formatReason', () => {
  it.each([
    [new Error('refused'), 'refused'],
    [new Error('no\n  route'), 'no route'],
    [
      new Error('cannot reach postgres://me:hunter2@db/orders'),
      'cannot reach postgres://***@db/orders',
    ],
    [new Error('cannot reach redis://:a@b/c@db'), 'cannot reach redis://***@db'],
    [new AggregateError([new Error('connect ECONNREFUSED ::1:1')]), 'connect ECONNREFUSED ::1:1'],
    [Object.assign(new Error(''), { code: 'EPIPE' }), 'EPIPE'],
    [new TypeError(''), 'TypeError'],
    ['why', 'why'],
  ])('%s', (error, reason) => expect(formatReason(error)).toBe(reason));
});

describe('missingPackage', () => {
  const rethrow = missingPackage('METRICS=on', 'prom-client');

  it('says what to install', () => {
    const error = Object.assign(new Error('x'), { code: 'ERR_MODULE_NOT_FOUND' });
    expect(() => rethrow(error)).toThrow(
      'METRICS=on needs prom-client; install with: npm install prom-client',
    );
  });

  it('leaves other errors as they are', () => {
    const error = new Error('broken');
    expect(() => rethrow(error)).toThrow(error);
  });
});
