import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { apiDocs } from '../gateway/api-docs.js';
import { mergeDocuments } from '../gateway/openapi-merge.js';
import { createService, readConfig, type Service } from '../index.js';
import { closedUrl, startProvider } from '../testing/provider.js';
import { openapi } from './openapi.js';

vi.mock('../gateway/openapi-merge.js', { spy: true });

const config = readConfig('orders', {}, { NODE_ENV: 'test', LOG_LEVEL: 'silent', PORT: '3001' });
const services: Service[] = [];

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(services.splice(0).map((service) => service.stop()));
});

function compose(routes: NonNullable<Parameters<typeof createService>[0]['routes']>): Service {
  const service = createService({ name: 'orders', config, routes });
  services.push(service);
  return service;
}

const orders = () =>
  compose(async (app) => {
    await app.register(openapi({ title: 'orders', version: '1.2.3' }));
    app.withTypeProvider<ZodTypeProvider>().get(
      '/api/orders/:id',
      {
        schema: {
          params: z.object({ id: z.coerce.number().int() }),
          response: { 200: z.object({ next: z.number() }) },
        },
      },
      (request) => ({ next: request.params.id + 1, secret: 'not in the schema' }),
    );
  });

describe('openapi', () => {
  it('describes the routes by their zod schemas, without those of the chassis', async () => {
    const document = (await orders().app.inject('/openapi.json')).json<{ paths: object }>();
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'orders', version: '1.2.3' },
      paths: {
        '/api/orders/{id}': {
          get: {
            parameters: [{ name: 'id', in: 'path', schema: { type: 'integer' } }],
            responses: {
              200: {
                content: {
                  'application/json': { schema: { properties: { next: { type: 'number' } } } },
                },
              },
            },
          },
        },
      },
    });
    expect(Object.keys(document.paths)).toEqual(['/api/orders/{id}']);
  });

  it('validates requests and answers', async () => {
    const { app } = orders();
    expect((await app.inject('/api/orders/3')).json()).toEqual({ next: 4 });
    const refused = await app.inject('/api/orders/x');
    expect(refused.statusCode).toBe(400);
    expect(refused.json()).toMatchObject({ error: 'Bad Request' });
  });
});

describe('apiDocs', () => {
  it('merges the documents of providers, and keeps the last one while a provider is down', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const provider = await startProvider();
    const text = (await orders().app.inject('/openapi.json')).body;
    provider.answer((_request, response) => response.end(text));
    const none = await startProvider();
    none.answer((_request, response) => response.writeHead(404).end());
    const { app } = compose(
      (app) =>
        void app.register(
          apiDocs({
            title: 'shop',
            version: '1',
            providers: [
              { service: 'orders', url: provider.url, routes: [{ path: '/api/orders' }] },
              { service: 'users', url: none.url, routes: [{ path: '/api/users' }] },
              { service: 'bills', url: 'http://127.0.0.1:1', routes: [{ path: '/api/bills' }] },
            ],
          }),
        ),
    );
    const read = async () =>
      (await app.inject('/openapi.json')).json<{ info: { description: string }; paths: object }>();
    const [first] = await Promise.all([read(), read(), read()]);
    expect(Object.keys(first.paths)).toEqual(['/api/orders/{id}']);
    expect(first.info.description).toBe(
      '- users: describes itself nowhere\n- bills: cannot be reached',
    );
    expect(provider.requests).toHaveLength(1);
    await provider.close();
    await none.close();
    vi.advanceTimersByTime(20_000);
    const later = await read();
    expect(later.paths).toEqual(first.paths);
    expect(later.info.description).toContain(
      '- orders: cannot be reached; this is its last description',
    );
  });

  it('merges again only if a document has changed', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const provider = await startProvider();
    let text = (await orders().app.inject('/openapi.json')).body;
    provider.answer((_request, response) => response.end(text));
    const providers = [{ service: 'orders', url: provider.url, routes: [{ path: '/api/orders' }] }];
    const { app } = compose(
      (app) => void app.register(apiDocs({ title: 'shop', version: '1', providers })),
    );
    const read = async () => (await app.inject('/openapi.json')).body;
    vi.mocked(mergeDocuments).mockClear();
    const first = await read();
    for (let i = 0; i < 5; i++) {
      vi.advanceTimersByTime(20_000);
      expect(await read()).toBe(first);
    }
    expect(provider.requests).toHaveLength(6);
    expect(mergeDocuments).toHaveBeenCalledTimes(1);
    text = text.replaceAll('/api/orders/{id}', '/api/orders/{number}');
    vi.advanceTimersByTime(20_000);
    expect(await read()).toContain('/api/orders/{number}');
    expect(mergeDocuments).toHaveBeenCalledTimes(2);
    await provider.close();
  });

  it('has a page that loads nothing from other servers, and is open to everyone', async () => {
    const { app } = compose(async (app) => {
      app.addHook('onRequest', async (request, reply) => {
        if (request.routeOptions.config.auth !== false) await reply.code(401).send();
      });
      await app.register(
        apiDocs({
          title: 'shop',
          version: '1',
          providers: [{ service: 'a', url: await closedUrl(), routes: [] }],
        }),
      );
    });
    const page = await app.inject('/docs/');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-security-policy']).toContain("default-src 'self'");
    const parts = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url!);
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) {
      expect(part).toMatch(/^\.?\//);
      const url = new URL(part, 'http://gateway/docs/').pathname;
      expect((await app.inject(url)).statusCode, url).toBe(200);
    }
    const settings = await app.inject('/docs/static/swagger-initializer.js');
    expect(settings.body).toContain('"urls":[{"url":"/openapi.json","name":"shop"}]');
    expect((await app.inject('/other')).statusCode).not.toBe(200);
  });
});
