import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FastifyInstance } from 'fastify';
import { createApp } from './app.js';
import { readConfig } from './config.js';

describe('gateway', () => {
  const lifecycle = { ready: true };
  let app: FastifyInstance;

  beforeEach(() => {
    lifecycle.ready = true;
    app = createApp(readConfig(process.env), lifecycle);
  });

  afterEach(() => app.close());

  it('is alive', async () => {
    const response = await app.inject('/health');
    expect(response.statusCode).toBe(200);
  });

  it('is ready, until it stops', async () => {
    expect((await app.inject('/ready')).statusCode).toBe(200);
    lifecycle.ready = false;
    const response = await app.inject('/ready');
    expect(response.statusCode).toBe(503);
    expect(response.headers.connection).toBe('close');
  });

  it("keeps the caller's request id", async () => {
    const response = await app.inject({
      url: '/health',
      headers: { 'x-request-id': 'abc' },
    });
    expect(response.headers['x-request-id']).toBe('abc');
  });

  it('says hello', async () => {
    const response = await app.inject('/hello?name=Ada');
    expect(response.json()).toEqual({
      message: 'Hello Ada, this is gateway',
    });
  });

  it('refuses a name that is empty', async () => {
    const response = await app.inject('/hello?name=');
    expect(response.statusCode).toBe(400);
  });
});
