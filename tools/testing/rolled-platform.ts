import type { Call } from './load.js';
import type { Workspace } from './workspace.js';

/** What a gateway hands requests on to. Orders calls users before it answers, a POST with a POST. */
export const PROVIDERS = ['orders', 'users', 'stock'] as const;
export type Provider = (typeof PROVIDERS)[number];

const DESCRIPTION = `services:
  gateway: { kind: gateway, consumes: [orders, users, stock] }
  orders:
    consumes: [users]
    routes:
      - /api/orders
      - { path: /api/orders/long, timeoutMs: 60000 }
      - { path: /api/orders/live, websocket: true }
  users: { routes: [/api/users] }
  stock: { routes: [/api/stock] }
`;

/** Every route of every provider, for a load through the gateway. */
export const CALLS: readonly Call[] = PROVIDERS.flatMap((service) => [
  { method: 'GET', path: `/api/${service}` },
  { method: 'POST', path: `/api/${service}` },
]);

/** A gateway and three providers, generated from a description and synced; neither built nor committed. */
export async function generateRolledPlatform(workspace: Workspace): Promise<void> {
  await workspace.write('platform.yml', DESCRIPTION);
  await workspace.nx('g', '@org/micro:platform', 'platform.yml');
  for (const service of PROVIDERS) await workspace.write(routesFile(service), routes(service));
}

/** Changes the source of a provider: its answers carry this version from now on. */
export async function writeVersion(
  { read, write }: Workspace,
  service: Provider,
  version: string,
): Promise<void> {
  const file = routesFile(service);
  const text = await read(file);
  await write(file, text.replace(/(VERSION = )'[^']*'/, `$1'${version}'`));
}

/** The version that answers callers of the gateway; undefined if it has no good answer. */
export async function readVersion(url: string, service: Provider): Promise<string | undefined> {
  const answer = await fetch(`${url}/api/${service}`);
  return ((await answer.json()) as { version?: string }).version;
}

const APP_RESOURCES = 'resources: Object.values(resources)';
const NEVER_READY = `resources: [{ name: 'database', kind: 'database', check: () => Promise.reject(new Error('the database is not there')), close: () => Promise.resolve() }]`;

/** Changes the source of a provider so that it starts, never gets ready and has no good answer. */
export async function breakProvider(workspace: Workspace, service: Provider): Promise<void> {
  await breakReadiness(workspace, service);
  const broken = `throw new Error('the database is not there');\n  ${WAIT}`;
  await workspace.edit(routesFile(service), WAIT, broken);
}

/** Changes the source of a service so that it starts and never gets ready. */
export async function breakReadiness({ edit }: Workspace, service: string): Promise<void> {
  await edit(`apps/${service}/src/app.ts`, APP_RESOURCES, NEVER_READY);
}

/** An answer takes a while, so that there is always one under way when something is stopped. */
const WAIT = 'await sleep(20);';

/** The source that has the version of a provider. */
export function routesFile(service: Provider): string {
  return `apps/${service}/src/routes/hello.ts`;
}

/** How long an answer takes that a deploy has to wait for: longer than Docker waits if nobody says how long. */
export const LONG_SECONDS = 12;

/** Routes of which something is open for long. A WebSocket is not closed by the service's own code. */
const LASTING = `  app.get('/api/orders/long', async () => {
    await sleep(${LONG_SECONDS}_000);
    return answer();
  });
  app.get('/api/orders/events', (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' });
    const beat = setInterval(() => reply.raw.write('data: beat\\n\\n'), 100);
    reply.raw.on('close', () => clearInterval(beat));
  });
  new WebSocketServer({ server: app.server, path: '/api/orders/live' }).on('connection', (socket) =>
    socket.send('hello'),
  );
`;

function routes(service: Provider): string {
  const client =
    service === 'orders'
      ? {
          imported: `import { createClient } from '@org/chassis/client';\nimport { WebSocketServer } from 'ws';\n`,
          made: `const users = createClient('users', { url: process.env['MICROSERVICE_USERS_URL'] ?? '' });\n`,
          get: `    await users.get('/api/users');\n`,
          post: `    await users.post('/api/users', { json: {} });\n`,
          more: LASTING,
        }
      : { imported: '', made: '', get: '', post: '', more: '' };
  return `${client.imported}import type { FastifyInstance } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';

const VERSION = '1';
${client.made}
async function answer() {
  ${WAIT}
  return { service: '${service}', version: VERSION };
}

export function helloRoutes(app: FastifyInstance): void {
  app.get('/api/${service}', async () => {
${client.get}    return answer();
  });
  app.post('/api/${service}', async (_request, reply) => {
${client.post}    return reply.code(201).send(await answer());
  });
${client.more}}
`;
}
