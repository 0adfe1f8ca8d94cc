import { afterAll, beforeAll, expect, it } from 'vitest';
import { mustRun } from '../tools/command.js';
import { describeEngine } from '../tools/testing/describe-engine.js';
import { LIBRARY_FILE } from '../tools/testing/example/example.js';
import { effectsOf, examplePlatform, type ExamplePlatform } from './example-platform.js';

describeEngine('nx affected -t docker-build', () => {
  let shop: ExamplePlatform;

  beforeAll(async () => {
    shop = await examplePlatform();
  });

  afterAll(() => shop?.remove());

  it('builds all services of the first commit', async () => {
    expect(await shop.affected('docker-build')).toMatchObject({
      selected: ['gateway', 'orders', 'users'],
      built: ['users', 'orders', 'gateway'],
    });
  });

  it('builds none after a change of comments, even in the library', async () => {
    const { edit } = shop.workspace;
    await edit(LIBRARY_FILE, '/** Cents', '/** A number of cents');
    await edit('apps/orders/src/routes/orders.ts', 'const orders', '// Sold.\nconst orders');
    expect(await shop.affected('docker-build')).toMatchObject({
      selected: ['gateway', 'orders'],
      built: [],
    });
  });

  it('builds the two services that use the library after a change in it', async () => {
    await shop.workspace.edit(LIBRARY_FILE, ' EUR`', ' €`');
    expect(await shop.affected('docker-build')).toMatchObject({
      selected: ['gateway', 'orders'],
      built: ['orders', 'gateway'],
    });
  });

  it('builds a provider without its consumers', async () => {
    await shop.workspace.edit('apps/users/src/routes/users.ts', 'Grace', 'Grace Hopper');
    expect(await shop.affected('docker-build')).toMatchObject({
      selected: ['users'],
      built: ['users'],
    });
  });

  it('builds none after a change of READMEs and tests', async () => {
    const { edit, write } = shop.workspace;
    await write('README.md', '# Shop\n');
    await edit('apps/users/README.md', '# users', '# Users');
    await edit('apps/orders/src/app.spec.ts', "it('is alive'", "it('lives'");
    expect((await shop.affected('docker-build')).built).toEqual([]);
  });

  it('builds the service that got a dependency', async () => {
    const { workspace } = shop;
    await workspace.npm('install', '--workspace=apps/users', 'tiny-invariant');
    const routes = 'apps/users/src/routes/users.ts';
    await workspace.edit(routes, 'import', "import invariant from 'tiny-invariant';\nimport");
    await workspace.edit(routes, 'async () => users', 'async () => (invariant(users), users)');
    // A changed lockfile makes Nx bundle every service again. Only one bundle comes out differently.
    expect(await shop.affected('docker-build')).toMatchObject({
      selected: ['gateway', 'orders', 'users'],
      built: ['users'],
    });
  });

  it('builds the service whose image was removed, and no other', async () => {
    const { workspace, place } = shop;
    const images = await mustRun('docker', [
      ...['image', 'ls', '--filter', `reference=${workspace.name}/orders`],
      ...['--format', '{{.Repository}}:{{.Tag}}'],
    ]);
    await mustRun('docker', ['image', 'rm', ...images.split('\n').filter(Boolean)]);
    const { built } = await effectsOf(place, () => workspace.nx('run-many', '-t', 'docker-build'));
    expect(built).toEqual(['orders']);
  });

  it('builds nothing if nothing changed, even without Nx cache and receipts', async () => {
    const { workspace, place } = shop;
    await mustRun('rm', ['-rf', `${workspace.root}/dist`]);
    const { built } = await effectsOf(place, () =>
      workspace.nx('run-many', '-t', 'docker-build', '--skipNxCache'),
    );
    expect(built).toEqual([]);
  });
});
