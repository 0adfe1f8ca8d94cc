import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngine } from '../tools/testing/describe-engine.js';
import { freePort } from '../tools/testing/free-port.js';
import { freshWorkspace, type FreshWorkspace } from './fresh-workspace.js';

const SERVER = `import { createServer } from 'node:http';

const server = createServer((request, response) => {
  response.statusCode = request.url === '/ready' || request.url === '/' ? 200 : 404;
  response.end(JSON.stringify({ shop: 'open' }));
});
server.listen(Number(process.env['PORT']), '0.0.0.0');
process.on('SIGTERM', () => server.close());
`;

describeEngine('an existing app', () => {
  let fresh: FreshWorkspace;
  let port: number;

  beforeAll(async () => {
    fresh = await freshWorkspace();
    port = await freePort();
    const { workspace } = fresh;
    await workspace.write(
      'apps/shop/package.json',
      JSON.stringify({
        name: `@${workspace.name}/shop`,
        version: '1.0.0',
        private: true,
        type: 'module',
        // The app's own ignore file, which does not exclude what we exclude from images.
        scripts: { build: 'node -e 0' },
        nx: { name: 'shop' },
      }),
    );
    await workspace.write('apps/shop/src/server.ts', SERVER);
    await workspace.npm('install');
    await workspace.commit('shop');
  });

  afterAll(() => fresh?.remove());

  it('becomes a service, builds, and runs as one', async () => {
    const { workspace } = fresh;
    const said = await workspace.nx(
      ...['g', '@org/micro:containerize', 'shop', '--kind=gateway', `--port=${port}`],
    );
    expect(said).toContain('answers GET /ready with 200');
    expect(await workspace.git('diff', '--name-only', '--', 'apps/shop')).toBe(
      'apps/shop/package.json\n',
    );
    await workspace.nx('sync:check');
    await workspace.commit('containerize');
    await workspace.nx('g', '@org/micro:containerize', 'shop');
    expect(await workspace.git('status', '--porcelain')).toBe('');
    await workspace.nx('run', 'shop:compose-deploy');
    expect(existsSync(join(workspace.root, 'dist/apps/shop/app/main.js'))).toBe(true);
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    expect(await answer.json()).toEqual({ shop: 'open' });
  });

  it('fails with a message if nothing builds what the image needs', async () => {
    const { workspace } = fresh;
    await workspace.edit('apps/shop/package.json', '"bundle"\n', '"build"\n');
    await workspace.git('clean', '-fdxq', 'dist');
    await expect(workspace.nx('run', 'shop:docker-build')).rejects.toThrow(
      /dist\/apps\/shop is not there\..*"build\.entry" in apps\/shop\/service\.yml.*@org\/micro:containerize shop/s,
    );
  });
});
