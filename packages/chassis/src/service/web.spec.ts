import { fastify } from 'fastify';
import { describe, expect, it } from 'vitest';
import { cors, jsonBodies, securityHeaders, type CorsOptions } from './web.js';

const SHOP = 'https://shop.example.com';

async function corsApp(options: CorsOptions) {
  const app = fastify();
  await app.register(cors(options));
  app.get('/', () => ({}));
  return app;
}

describe('cors', () => {
  it('lets pages of the listed origins read answers, and says so to caches', async () => {
    const app = await corsApp({ origins: [SHOP, 'http://localhost:4200'], credentials: true });
    const { headers } = await app.inject({ url: '/', headers: { origin: SHOP } });
    expect(headers).toMatchObject({
      'access-control-allow-origin': SHOP,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'x-request-id, retry-after',
      vary: 'Origin',
    });
  });

  it.each(['https://evil.example.com', `${SHOP}.evil.com`, 'null', 'http://shop.example.com'])(
    'does not let %s read',
    async (origin) => {
      const app = await corsApp({ origins: [SHOP] });
      const { headers } = await app.inject({ url: '/', headers: { origin } });
      expect(headers['access-control-allow-origin']).toBeUndefined();
    },
  );

  it('answers a preflight request itself', async () => {
    const app = await corsApp({ origins: [SHOP] });
    const response = await app.inject({
      method: 'OPTIONS',
      url: '/',
      headers: { origin: SHOP, 'access-control-request-method': 'PUT' },
    });
    expect(response.statusCode).toBe(204);
    expect(response.headers['access-control-max-age']).toBe('600');
    expect(response.headers['access-control-allow-methods']).toContain('PUT');
  });

  it('lets everyone read if told so', async () => {
    const app = await corsApp({ origins: ['*'] });
    const { headers } = await app.inject({ url: '/', headers: { origin: 'https://any.org' } });
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers['access-control-allow-credentials']).toBeUndefined();
  });

  it('refuses * with credentials at startup', () => {
    expect(() => cors({ origins: ['*'], credentials: true })).toThrow(
      'cors: "*" with credentials would let every page act as the user',
    );
  });

  it('reports all problems of the list together', () => {
    const origins = [`${SHOP}/`, 'shop.example.com', '*'];
    expect(() => cors({ origins })).toThrow(
      'cors: "*" makes the other origins meaningless; ' +
        `"${SHOP}/" is not an origin (scheme://host[:port], no path); did you mean "${SHOP}"?; ` +
        '"shop.example.com" is not an origin (scheme://host[:port], no path)',
    );
    expect(() => cors({ origins: [] })).toThrow('cors: name at least one origin');
  });
});

describe('security headers', () => {
  it('are those for a service without pages', async () => {
    const app = fastify();
    await app.register(securityHeaders());
    app.get('/', () => ({}));
    const { headers } = await app.inject('/');
    expect(headers).toMatchObject({
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
  });

  it('omit HSTS if told so', async () => {
    const app = fastify();
    await app.register(securityHeaders({ hstsSeconds: 0 }));
    app.get('/', () => ({}));
    expect((await app.inject('/')).headers['strict-transport-security']).toBeUndefined();
  });
});

describe('JSON bodies', () => {
  async function app() {
    const instance = fastify();
    await instance.register(jsonBodies({ maxBytes: 100 }));
    instance.post('/', (request) => request.body);
    instance.post('/large', { bodyLimit: 1000 }, () => ({}));
    return instance;
  }
  const post = async (url: string, payload: string, type = 'application/json') =>
    (await app()).inject({ method: 'POST', url, payload, headers: { 'content-type': type } });

  it('are accepted up to a size, which a route can raise', async () => {
    const large = JSON.stringify({ text: 'x'.repeat(200) });
    expect((await post('/', '{"a":1}')).json()).toEqual({ a: 1 });
    expect((await post('/', large)).statusCode).toBe(413);
    expect((await post('/large', large)).statusCode).toBe(200);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded'])('must not be %s', async (type) => {
    expect((await post('/', '{"a":1}', type)).statusCode).toBe(415);
  });
});
