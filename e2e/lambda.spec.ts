import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { mustRun, run } from '../tools/command.js';
import { startFunction, type RunningFunction } from '../tools/lambda/emulator.js';
import { provideLambdaPrograms } from '../tools/lambda/programs.js';
import { askFunction, askService, eventOf, type Sent } from '../tools/lambda/request.js';
import { describeEngine } from '../tools/testing/describe-engine.js';
import { freshWorkspace, type FreshWorkspace } from './fresh-workspace.js';

/** Time limit for something that happens in another process. */
const EVENTUALLY = { timeout: 60_000, interval: 200 };

/** What a generated service has no example of. */
const ROUTES = `import type { FastifyInstance } from 'fastify';

export function moreRoutes(app: FastifyInstance): void {
  const bytes = { parseAs: 'buffer' } as const;
  app.addContentTypeParser('application/octet-stream', bytes, (_, body, done) => done(null, body));
  app.all('/echo', (request) => {
    const { method, query, body, headers } = request;
    return { method, query, body, cookie: headers.cookie, tag: headers['x-tag'] };
  });
  app.post('/bytes', (request, reply) =>
    reply.type('image/png').send((request.body as Buffer).reverse()),
  );
  app.get('/login', (_, reply) =>
    reply.header('set-cookie', ['a=1; HttpOnly', 'b=2; Path=/']).send({ loggedIn: true }),
  );
  app.get('/moved', (_, reply) => reply.redirect('/hello?name=Zo%C3%AB', 307));
  app.get('/broken', () => {
    throw new Error('a fault of ours');
  });
}
`;

const JSON_TYPE = { 'content-type': 'application/json' };
const BYTES = Buffer.from([0x89, 0x50, 0x00, 0xff, 0x0d, 0x0a]);

/** Each with the status that it must have in both. */
const REQUESTS: [what: string, status: number, sent: Sent][] = [
  ['a route', 200, { path: '/hello?name=Ada' }],
  [
    'a query with a comma, an escape and repeated names',
    200,
    { path: '/echo?a=1%2C2&b=3&b=%C3%BC+x' },
  ],
  ['a value that its schema refuses', 400, { path: '/hello?name=' }],
  ['a path without a route', 404, { path: '/none' }],
  [
    'cookies and other headers',
    200,
    { path: '/echo', headers: { cookie: 'a=1; b=2', 'x-tag': 'c' } },
  ],
  ['cookies that are set', 200, { path: '/login' }],
  [
    'a body of JSON',
    200,
    { method: 'POST', path: '/echo', headers: JSON_TYPE, body: Buffer.from('{"name":"Zoë"}') },
  ],
  [
    'a body that is no JSON',
    400,
    { method: 'POST', path: '/echo', headers: JSON_TYPE, body: Buffer.from('{') },
  ],
  [
    'bytes, answered by bytes',
    200,
    {
      method: 'POST',
      path: '/bytes',
      headers: { 'content-type': 'application/octet-stream' },
      body: BYTES,
    },
  ],
  ['HEAD', 200, { method: 'HEAD', path: '/hello' }],
  ['a redirect', 307, { path: '/moved' }],
  ['a failure', 500, { path: '/broken' }],
  ['/health, asked by the platform', 200, { path: '/health' }],
  ['/ready, asked by the platform', 200, { path: '/ready' }],
  [
    '/ready, asked through a proxy',
    404,
    { path: '/ready', headers: { 'x-forwarded-for': '203.0.113.9' } },
  ],
];

describeEngine('a Lambda function', () => {
  let fresh: FreshWorkspace;
  let running: RunningFunction;
  let container: string;
  let url: string;

  beforeAll(async () => {
    const programs = await provideLambdaPrograms();
    fresh = await freshWorkspace();
    const { workspace } = fresh;
    await workspace.nx('g', '@org/micro:service', 'hello', '--lambda');
    await workspace.write('apps/hello/src/routes/more.ts', ROUTES);
    const app = 'apps/hello/src/app.ts';
    await workspace.edit(app, 'helloRoutes(app);', 'helloRoutes(app);\n      moreRoutes(app);');
    const importHello = "import { helloRoutes } from './routes/hello.js';";
    const importMore = "import { moreRoutes } from './routes/more.js';";
    await workspace.edit(app, importHello, `${importHello}\n${importMore}`);
    await workspace.commit('hello, as a function, too');

    await workspace.nx('run-many', '-t', 'lambda-build', 'docker-build', 'typecheck');
    const folder = join(workspace.root, 'tmp/function');
    const zip = await readFile(join(workspace.root, 'dist/lambda/apps/hello/function.zip'));
    for (const [name, bytes] of Object.entries(unzipSync(zip))) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), bytes);
    }
    running = await startFunction(programs, { folder, handler: 'main.handler' });
    ({ container, url } = await startContainer(`${workspace.name}/hello:local`));
  });

  afterAll(async () => {
    await running?.stop();
    if (container) await run('docker', ['rm', '--force', container]);
    await fresh?.remove();
  });

  describe('under the emulator of AWS, answers as in its container', () => {
    it.each(REQUESTS)('%s', async (_, status, { headers, ...others }) => {
      const sent = { ...others, headers: { 'x-request-id': 'abc', ...headers } };
      const answer = await askFunction(running, sent);
      expect(answer).toEqual(await askService(url, sent));
      expect(answer.status).toBe(status);
      expect(answer.headers).toMatchObject({ 'x-request-id': 'abc' });
    });
  });

  it.each(['/health', '/ready'])('tells nobody on the internet its %s', async (path) => {
    expect(await askFunction(running, { path }, '203.0.113.9')).toMatchObject({ status: 404 });
  });

  it('logs its requests', async () => {
    await askFunction(running, { path: '/hello', headers: { 'x-request-id': 'logged' } });
    // The pipe between the two processes is read a moment later.
    await vi.waitFor(() => expect(running.readLog()).toMatch(/"logged".*"request completed"/));
  });

  it('refuses an event that is no HTTP request, and answers the next one', async () => {
    expect(await running.invoke({ Records: [{ eventSource: 'aws:sqs' }] })).toMatchObject({
      errorType: 'TypeError',
      errorMessage: expect.stringContaining('the event has the keys: Records') as string,
    });
    expect(await running.invoke(eventOf({ path: '/hello' }))).toMatchObject({ statusCode: 200 });
  });
});

/** With the port of the service published, as only a gateway's is on a platform. */
async function startContainer(image: string): Promise<{ container: string; url: string }> {
  // Requests through a published port come from the network's gateway, and so count as public.
  const networks = '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16';
  const options = ['--detach', '--publish=127.0.0.1::3001', `--env=PROBE_NETWORKS=${networks}`];
  const container = (await mustRun('docker', ['run', ...options, image])).trim();
  const published = await mustRun('docker', ['port', container, '3001/tcp']);
  const url = `http://${published.trim()}`;
  await vi.waitFor(async () => expect((await fetch(`${url}/ready`)).ok).toBe(true), EVENTUALLY);
  return { container, url };
}
