import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustRun } from '../tools/command.js';
import { readDigest, readState } from '../tools/testing/deployed-platform.js';
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

  describe('nx release', () => {
    const digestOf = (service: string, tag: string) =>
      readDigest(shop.registry, `${shop.workspace.name}/${service}`, tag);
    const release = () => shop.workspace.nx('release', '--yes');

    beforeAll(async () => {
      const { nx, write, commit, git } = shop.workspace;
      await write('environments/staging.yml', `registry: ${shop.registry}\n`);
      await nx('g', '@org/micro:nx-release', '--environment=staging');
      await commit('ci: releases');
      for (const service of ['users', 'orders', 'gateway']) await git('tag', `${service}@1.3.5`);
    });

    it('tags the image of the service that has a feature, and leaves the others alone', async () => {
      const { edit, commit, git } = shop.workspace;
      await edit('apps/users/src/routes/users.ts', 'Grace Hopper', 'Grace M. Hopper');
      await commit('feat: an initial');
      await release();
      expect((await git('tag', '--points-at', 'HEAD')).trim()).toBe('users@1.4.0');
      const { keyTag, digest } = (await readState(shop.place, ['users'])).users;
      expect([keyTag, digest]).not.toContain(undefined);
      for (const tag of ['1.4.0', '1.4', '1']) expect(await digestOf('users', tag)).toBe(digest);
      for (const service of ['orders', 'gateway']) {
        for (const tag of ['1.3.5', '1.3', '1']) {
          expect(await digestOf(service, tag)).toBeUndefined();
        }
      }
    });

    it('does nothing if no commit has something to release', async () => {
      const { write, commit, git } = shop.workspace;
      await write('README.md', '# A shop\n');
      await commit('docs: another title');
      const before = await git('rev-parse', 'HEAD');
      await release();
      expect(await git('rev-parse', 'HEAD')).toBe(before);
      expect((await git('tag', '--points-at', 'HEAD')).trim()).toBe('');
    });
  });
});
