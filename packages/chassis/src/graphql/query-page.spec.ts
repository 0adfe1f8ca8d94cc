import { afterEach, beforeEach, expect, it } from 'vitest';
import { jwt } from '../auth.js';
import { startGraphqlGateway, type Running } from '../testing/shop-graph.js';
import { securityHeaders } from '../web.js';

const subgraphs = ['catalog', 'reviews'].map((name) => ({ name, url: 'http://127.0.0.1:9' }));
let gateway: Running;

/** With what may stand in the way of a page: headers for answers of an API, and tokens. */
beforeEach(async () => {
  gateway = await startGraphqlGateway({ subgraphs, development: true }, async (app) => {
    await app.register(securityHeaders());
    const secret = 'a secret with at least 32 bytes!';
    await app.register(jwt({ secret, issuer: 'test', audience: 'gateway', algorithms: ['HS256'] }));
  });
});

afterEach(() => gateway.service.stop());

const get = (path: string) => fetch(`${gateway.url}${path}`);

it('is served with all that it loads, without a token', async () => {
  const page = await get('/graphql');
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const text = await page.text();
  expect(text).toContain('<base href="/graphql/page/">');
  const loaded = [...text.matchAll(/(?:src|href)="([^"/][^"]*)"/g)].map(([, path]) => path!);
  expect(loaded).toEqual(expect.arrayContaining(['main.js', 'styles.css', 'options.js']));
  for (const path of loaded) {
    const { status, headers } = await get(`/graphql/page/${path}`);
    expect([path, status]).toEqual([path, 200]);
    expect(headers.get('content-type')).not.toBe('application/octet-stream');
  }
  expect(await (await get('/graphql/page/options.js')).text()).toContain('`/graphql`');
});

it('may neither load nor send anything elsewhere, and is in no frame', async () => {
  const policy = (await get('/graphql')).headers.get('content-security-policy') ?? '';
  expect(policy.split('; ')).toEqual(
    expect.arrayContaining([
      "default-src 'none'",
      "script-src 'self'",
      "connect-src 'self'",
      "frame-ancestors 'none'",
    ]),
  );
  expect(policy).not.toMatch(/https?:|\*|unsafe-eval/);
});

it.each(['other.js', '..%2fpackage.json', '..%2f..%2fpackage.json', 'assets'])(
  'has no other file: %s',
  async (path) => {
    expect((await get(`/graphql/page/${path}`)).status).toBe(404);
  },
);
