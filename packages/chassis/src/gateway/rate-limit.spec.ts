import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fastify } from 'fastify';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { health } from '../service/health.js';
import { Lifecycle } from '../service/lifecycle.js';
import { rateLimit, type RateLimitOptions } from './rate-limit.js';

async function appWith(options: RateLimitOptions, lines: string[] = []) {
  const stream = { write: (line: string) => void lines.push(line) };
  const app = fastify({ logger: { level: 'warn', stream } });
  health(app, { lifecycle: new Lifecycle(), resources: [], timeoutMs: 1000 });
  await app.register(rateLimit(options));
  app.get('/', () => ({}));
  app.get('/free', { config: { rateLimit: false } }, () => ({}));
  return app;
}

describe('rateLimit', () => {
  it('answers 429 above the limit, and says when to try again', async () => {
    const app = await appWith({ max: 2, windowMs: 60_000 });
    const answers = [await app.inject('/'), await app.inject('/'), await app.inject('/')];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 429]);
    expect(answers[2]?.headers['retry-after']).toBe('60');
    expect((await app.inject('/free')).statusCode).toBe(200);
    expect((await app.inject('/health')).statusCode).toBe(200);
  });

  it('counts callers without an address together, and IPv4-mapped addresses as IPv4', async () => {
    const app = await appWith({ max: 2, windowMs: 60_000 });
    const from = async (remoteAddress: string) =>
      (await app.inject({ url: '/', remoteAddress })).statusCode;
    expect(await from('203.0.113.7')).toBe(200);
    expect(await from('::ffff:203.0.113.7')).toBe(200);
    expect(await from('203.0.113.7')).toBe(429);
    const path = join(tmpdir(), `micro-spec-${process.pid}.sock`);
    await app.listen({ path });
    const status = () =>
      new Promise((resolve) => get({ socketPath: path, path: '/' }, (r) => resolve(r.statusCode)));
    expect([await status(), await status(), await status()]).toEqual([200, 200, 429]);
    await app.close();
  });

  it('counts by the given key', async () => {
    const key = (request: { headers: Record<string, unknown> }) =>
      String(request.headers['x-user']);
    const app = await appWith({ max: 1, windowMs: 60_000, key });
    const as = async (user: string) =>
      (await app.inject({ url: '/', headers: { 'x-user': user } })).statusCode;
    expect([await as('a'), await as('b'), await as('a')]).toEqual([200, 200, 429]);
  });

  it('lets requests through while Redis is down, and says so once', async () => {
    const redis = new Redis({
      host: '127.0.0.1',
      port: 1,
      enableOfflineQueue: false,
      retryStrategy: () => 50,
    });
    redis.on('error', () => undefined);
    const lines: string[] = [];
    const app = await appWith({ max: 1, windowMs: 60_000, redis }, lines);
    for (let i = 0; i < 3; i++) expect((await app.inject('/')).statusCode).toBe(200);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('rate limits are off: Redis fails');
    redis.disconnect();
  });

  it('refuses invalid numbers', () => {
    expect(() => rateLimit({ max: 0, windowMs: 1000 })).toThrow('max must be a whole number');
    expect(() => rateLimit({ max: 1, windowMs: 0.5 })).toThrow('windowMs must be a whole number');
  });
});
