import { readConfig, type Service } from '@org/chassis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from './app.js';
import { variables } from './config.js';

describe('inventory', () => {
  let service: Service;

  beforeEach(() => {
    service = createApp(readConfig('inventory', variables, process.env));
  });

  afterEach(() => service.stop());

  it('asks for a service key', async () => {
    const response = await service.app.inject({
      method: 'POST',
      url: '/graphql',
      payload: { query: '{ inStock { id } }' },
    });
    expect(response.statusCode).toBe(401);
  });

  it('is alive', async () => {
    const response = await service.app.inject('/health');
    expect(response.statusCode).toBe(200);
  });

  it('is not ready before it has started', async () => {
    const response = await service.app.inject('/ready');
    expect(response.statusCode).toBe(503);
  });

  it("keeps the caller's request id", async () => {
    const response = await service.app.inject({
      url: '/health',
      headers: { 'x-request-id': 'abc' },
    });
    expect(response.headers['x-request-id']).toBe('abc');
  });
});
