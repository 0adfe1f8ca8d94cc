import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mustRun, run } from '../tools/command.js';
import { describeEngine } from '../tools/testing/describe-engine.js';
import { freePort } from '../tools/testing/free-port.js';
import { freshWorkspace, type FreshWorkspace } from './fresh-workspace.js';

const ISSUER = 'https://issuer.example.com/';

/** Routes of the provider: an answer, a slow answer, and the keys of an issuer. */
const stockRoutes = (keys: object) => `import type { FastifyInstance } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';

export function helloRoutes(app: FastifyInstance): void {
  app.get('/stock', async () => ({ items: 3 }));
  app.get('/slow', async () => {
    await sleep(800);
    return { waited: true };
  });
  app.get('/jwks.json', async () => (${JSON.stringify({ keys: [keys] })}));
}
`;

/** Routes of the consumer: they call the provider, and return what happened to the call. */
const ORDERS_ROUTES = `import type { FastifyInstance } from 'fastify';
import { createClient } from '@org/chassis/client';

export function helloRoutes(app: FastifyInstance): void {
  const stock = createClient('stock', {
    url: process.env['MICROSERVICE_STOCK_URL']!,
    timeoutMs: 400,
    breaker: { resetMs: 2000 },
  });
  app.get('/stock', { config: { auth: false } }, () => stock.get('/stock'));
  app.get('/mine', (request) => ({ who: request.user?.sub }));
}
`;

describeEngine('faults of a running platform', () => {
  let fresh: FreshWorkspace;
  let port: number;
  let stockPort: number;
  let key: CryptoKey;

  beforeAll(async () => {
    fresh = await freshWorkspace();
    const { workspace } = fresh;
    [port, stockPort] = [await freePort(), await freePort()];
    const pair = await generateKeyPair('ES256', { extractable: true });
    key = pair.privateKey;
    const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256' };
    await workspace.nx('g', '@org/micro:service', 'stock', '--skipInstall');
    const options = ['--consumes=stock', '--auth=jwt'];
    await workspace.nx('g', '@org/micro:service', 'orders', ...options);
    await workspace.write('apps/stock/src/routes/hello.ts', stockRoutes(jwk));
    await workspace.write('apps/orders/src/routes/hello.ts', ORDERS_ROUTES);
    await workspace.edit(
      'apps/orders/compose.yaml',
      'https://issuer.example.com/.well-known/jwks.json',
      'http://stock:3001/jwks.json',
    );
    const file = 'environments/development.yml';
    await workspace.write(
      file,
      `${await workspace.read(file)}services:\n  orders:\n    publish: ${port}\n  stock:\n    publish: ${stockPort}\n`,
    );
    await workspace.commit('orders, which calls stock');
    await workspace.nx('run-many', '-t', 'compose-deploy');
  });

  afterAll(() => fresh?.remove());

  it('fails calls of a frozen provider at the time limit, then immediately, and recovers when it is back', async () => {
    const stock = await container('stock');
    expect((await call('/stock')).status).toBe(200);
    await mustRun('docker', ['pause', stock]);
    try {
      const first = await call('/stock');
      expect(first.status).toBe(504);
      // Three attempts of 400 ms with pauses between them.
      expect(first.milliseconds).toBeLessThan(2500);
      await expect.poll(async () => (await call('/stock')).status, { timeout: 60_000 }).toBe(503);
      // Immediately: a single attempt would have taken 400 ms.
      expect((await call('/stock')).milliseconds).toBeLessThan(400);
    } finally {
      await mustRun('docker', ['unpause', stock]);
    }
    await expect.poll(async () => (await call('/stock')).status, { timeout: 60_000 }).toBe(200);
  });

  it('answers open requests when it is told to stop, and ends with 0', async () => {
    const stock = await container('stock');
    const calls = Array.from({ length: 50 }, async () => {
      const response = await fetch(`http://127.0.0.1:${stockPort}/slow`);
      return [response.status, await response.json()];
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await mustRun('docker', ['stop', stock]);
    expect(await Promise.all(calls)).toEqual(calls.map(() => [200, { waited: true }]));
    const code = await mustRun('docker', ['inspect', '--format', '{{.State.ExitCode}}', stock]);
    expect(code.trim()).toBe('0');
    await mustRun('docker', ['start', stock]);
    await expect.poll(async () => (await call('/stock')).status, { timeout: 60_000 }).toBe(200);
  });

  it('accepts a token of its issuer and no other', async () => {
    const token = (claims: { sub?: string; iss?: string; exp?: string | number } = {}) =>
      new SignJWT({ sub: claims.sub ?? 'ada' })
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuer(claims.iss ?? ISSUER)
        .setAudience('orders')
        .setExpirationTime(claims.exp ?? '5m');
    const good = await token().sign(key);
    expect(await call('/mine', good)).toMatchObject({ status: 200, body: { who: 'ada' } });

    const { privateKey: other } = await generateKeyPair('ES256');
    const refused = {
      none: undefined,
      expired: await token({ exp: Math.floor(Date.now() / 1000) - 60 }).sign(key),
      forged: await token().sign(other),
      foreign: await token({ iss: 'https://other.example.com/' }).sign(key),
      unsigned: new UnsecuredJWT({ sub: 'ada' })
        .setIssuer(ISSUER)
        .setAudience('orders')
        .setExpirationTime('5m')
        .encode(),
      broken: good.slice(0, -4),
    };
    const statuses = await Promise.all(
      Object.entries(refused).map(async ([name, bearer]) => [
        name,
        (await call('/mine', bearer)).status,
      ]),
    );
    expect(Object.fromEntries(statuses)).toEqual(
      Object.fromEntries(Object.keys(refused).map((name) => [name, 401])),
    );
  });

  it('reports every problem of a configuration, and does not start', async () => {
    const image = `${fresh.workspace.name}/orders:local`;
    const wrong = ['PORT=many', 'LOG_LEVEL=loud', 'JWT_JWKS_URL=somewhere'];
    const variables = [...wrong, `JWT_ISSUER=${ISSUER}`, 'MICROSERVICE_STOCK_URL=http://stock:1'];
    const { code, stderr } = await run('docker', [
      ...['run', '--rm'],
      ...variables.flatMap((variable) => ['--env', variable]),
      image,
    ]);
    expect(code).toBe(1);
    for (const variable of wrong) {
      expect(stderr).toMatch(new RegExp(`^  ${variable.split('=')[0]}: `, 'm'));
    }
    expect(stderr).not.toMatch(/ {2}(?:JWT_ISSUER|MICROSERVICE_STOCK_URL): /);
  });

  async function call(path: string, bearer?: string) {
    const started = performance.now();
    const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    const body: unknown = await response.json();
    return { status: response.status, body, milliseconds: performance.now() - started };
  }

  async function container(service: string): Promise<string> {
    const ids = await mustRun('docker', [
      ...['ps', '--quiet'],
      ...['--filter', `label=com.docker.compose.project=${fresh.workspace.name}-development`],
      ...['--filter', `label=com.docker.compose.service=${service}`],
    ]);
    return ids.trim();
  }
});
