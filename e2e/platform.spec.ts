import { afterAll, beforeAll, expect, it } from 'vitest';
import { linkedPlatform } from '../packages/micro/src/testing/linked-platform.js';
import { describeEngine } from '../tools/testing/describe-engine.js';
import { freshWorkspace, type FreshWorkspace } from './fresh-workspace.js';

/**
 * Each service starts a compiler, a linter and a test runner, so use `PLATFORM_SERVICES=50` on an idle machine only.
 */
const COUNT = Number(process.env['PLATFORM_SERVICES'] ?? 8);

// Each test is one step that a person waits for, so the reporter shows its time.
describeEngine(`a platform of ${COUNT} linked services`, () => {
  let fresh: FreshWorkspace;

  beforeAll(async () => {
    fresh = await freshWorkspace();
    await fresh.workspace.write('platform.yml', linkedPlatform(COUNT));
    await fresh.workspace.commit('A description');
  });

  afterAll(() => fresh?.remove());

  it('is generated from one description, and installed', async () => {
    const { workspace } = fresh;
    const output = await workspace.nx('g', '@org/micro:platform', 'platform.yml');
    expect(output).toContain(`platform.yml: ${COUNT} services`);
    await workspace.commit('The platform');
    const projects = JSON.parse(await workspace.nx('show', 'projects', '--json')) as string[];
    expect(projects.filter((name) => name.startsWith('service-'))).toHaveLength(COUNT);
  });

  it('is in sync', async () => {
    await fresh.workspace.nx('sync:check');
  });

  it('type-checks', async () => {
    await fresh.workspace.nx('run-many', '-t', 'typecheck');
  });

  it('passes its tests', async () => {
    const output = await fresh.workspace.nx('run-many', '-t', 'test');
    expect(output).toContain(` for ${COUNT} projects`);
  });

  it('lints', async () => {
    await fresh.workspace.nx('run-many', '-t', 'lint');
  });

  it('stays the same when it is generated again', async () => {
    const { workspace } = fresh;
    const output = await workspace.nx('g', '@org/micro:platform', 'platform.yml');
    expect(output).toMatch(/^ {2}kept: service-0/m);
    expect(await workspace.git('status', '--porcelain')).toBe('');
  });

  it('adds what is new in the description, and nothing else', async () => {
    const { workspace } = fresh;
    const mine = '# Ada decides how many\nreplicas: 2\n';
    const manifest = 'apps/service-2/service.yml';
    await workspace.write(manifest, (await workspace.read(manifest)) + mine);
    await workspace.commit('By hand');
    await workspace.edit(
      'platform.yml',
      'service-2: { consumes: [',
      'audit: { datastores: [postgres] }\n  service-2: { consumes: [audit, ',
    );
    await workspace.nx('g', '@org/micro:platform', 'platform.yml');
    await workspace.nx('sync:check');
    await workspace.nx('run-many', '-t', 'lint', 'test', 'typecheck', '-p', 'service-2', 'audit');
    expect(await workspace.read(manifest)).toMatch(/consumes: \[.*, audit\]\n/);
    expect(await workspace.read(manifest)).toContain(mine);
    const changed = (await workspace.git('status', '--porcelain')).trim().split('\n');
    const elsewhere = changed.filter((line) => /apps\/(?!audit\/|service-2\/)/.test(line));
    expect(elsewhere).toEqual([]);
  });

  it('reports every invalid line, and writes nothing', async () => {
    const { workspace } = fresh;
    await workspace.commit('More');
    await workspace.write(
      'platform.yml',
      'services:\n  service-0: { port: 9000 }\n  billing: { consumes: [servce-1] }\n',
    );
    const { exitCode, output } = await workspace.startNx([
      'g',
      '@org/micro:platform',
      'platform.yml',
    ]).ended;
    expect(exitCode).toBe(1);
    expect(output).toContain('platform.yml:2: port of "service-0" is 3001');
    expect(output).toContain('platform.yml:3: "servce-1" is not a service of this platform; did');
    expect((await workspace.git('status', '--porcelain')).trim()).toBe('M platform.yml');
  });
});
