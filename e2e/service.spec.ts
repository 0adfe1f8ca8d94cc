import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { mustRun, run, succeeded } from '../tools/command.js';
import { describeEngine } from '../tools/testing/describe-engine.js';
import { freePort } from '../tools/testing/free-port.js';
import { addedWorkspace, type FreshWorkspace } from './fresh-workspace.js';

/** Time limit for something that happens in another process. */
const EVENTUALLY = { timeout: 60_000, interval: 200 };

// A path with spaces: so each test of this file also tests that spaces work.
describeEngine('a generated service, in a folder with a space', () => {
  let fresh: FreshWorkspace;
  let port: number;

  beforeAll(async () => {
    fresh = await addedWorkspace('my shop');
    port = await freePort();
    await fresh.workspace.nx('g', '@org/micro:service', 'users', `--port=${port}`);
    await fresh.workspace.commit('users');
  });

  afterAll(() => fresh?.remove());

  it('is created after nx add, which sets up the workspace', async () => {
    const { workspace, version, registry } = fresh;
    const { devDependencies } = JSON.parse(await workspace.read('package.json')) as {
      devDependencies: Record<string, string>;
    };
    expect(devDependencies['@org/micro']).toContain(version);
    expect(JSON.parse(await workspace.read('nx.json'))).toMatchObject({
      sync: { globalGenerators: ['@org/micro:sync'] },
      pluginsConfig: { '@nx/js': { projectsAffectedByDependencyUpdates: 'auto' } },
    });
    expect(await workspace.read('environments/development.yml')).toContain(`registry: ${registry}`);
  });

  it('is in sync, and passes lint, tests, compiler and build as generated', async () => {
    const { workspace } = fresh;
    await workspace.nx('sync:check');
    await workspace.nx('run-many', '-t', 'lint', 'test', 'typecheck', 'build');
    expect(existsSync(join(workspace.root, 'dist/apps/users/app/main.js'))).toBe(true);
    expect(await workspace.git('status', '--porcelain')).toBe('');
  });

  it('stays the same when it is generated again', async () => {
    const { workspace } = fresh;
    await workspace.nx('g', '@org/micro:service', 'users');
    await workspace.nx('g', '@org/micro:init');
    expect(await workspace.git('status', '--porcelain')).toBe('');
  });

  it('is reported if it drifts, and restored without losing an edit', async () => {
    const { workspace } = fresh;
    const file = 'apps/users/compose.yaml';
    const generated = await workspace.read(file);
    const mine = '# asked for by Ada\n';
    await workspace.write(file, mine + generated.replace(`PORT: '${port}'`, "PORT: '9999'"));

    const check = await workspace.startNx(['sync:check']).ended;
    expect(check.exitCode).toBe(1);
    expect(check.output).toContain(`${file}: PORT is 9999, the manifest says ${port}`);

    await workspace.nx('sync');
    expect(await workspace.read(file)).toBe(mine + generated);
    await workspace.nx('sync:check');
    await workspace.git('checkout', '--', '.');
  });

  it('is served, restarted on a change, and ends with Ctrl-C', async () => {
    const { workspace } = fresh;
    const url = `http://127.0.0.1:${port}/hello`;
    const answer = async () => ((await (await fetch(url)).json()) as { message: string }).message;
    const serve = workspace.startNx(['serve', 'users']);
    try {
      await vi.waitFor(async () => expect(await answer()).toContain('Hello world'), EVENTUALLY);
      // Readable lines, because a workspace has pino-pretty; an image writes JSON.
      expect(stripVTControlCharacters(serve.output())).toMatch(/INFO: Server listening/);
      await workspace.edit('apps/users/src/routes/hello.ts', 'Hello', 'Good day');
      await vi.waitFor(async () => expect(await answer()).toContain('Good day'), EVENTUALLY);
      serve.signal('SIGINT');
      await serve.ended;
      await vi.waitFor(() => expect(serve.isAlive()).toBe(false), EVENTUALLY);
      await expect(fetch(url)).rejects.toThrow();
      expect(await processesOf(workspace.root)).toEqual([]);
    } catch (error) {
      throw new Error(`nx serve said:\n${serve.output()}`, { cause: error });
    } finally {
      serve.signal('SIGKILL');
      await workspace.git('checkout', '--', '.');
    }
  });

  it('becomes an image that is small, not root, healthy and quick to stop', async () => {
    const { workspace } = fresh;
    await workspace.nx('docker-build', 'users');
    const image = `${workspace.name}/users:local`;
    const base = Number(await inspect('{{.Size}}', 'node:24-bookworm-slim'));
    expect(Number(await inspect('{{.Size}}', image)) - base).toBeLessThan(3_000_000);
    expect(await inspect('{{.Config.User}}', image)).toBe('node');

    const container = (await mustRun('docker', ['run', '--detach', image])).trim();
    try {
      const health = '{{.State.Health.Status}}';
      await vi.waitFor(
        async () => expect(await inspect(health, container)).toBe('healthy'),
        EVENTUALLY,
      );
      await mustRun('docker', ['stop', '--time', '20', container]);
      // 137 would mean that it was killed.
      expect(await inspect('{{.State.ExitCode}}', container)).toBe('0');
    } finally {
      await run('docker', ['rm', '--force', container]);
    }
  });

  it('reports the line of a manifest that is not YAML, and leaves no receipt', async () => {
    const { workspace } = fresh;
    await rmReceipts();
    await workspace.write('apps/users/service.yml', 'kind: service\nport: [3001\n');
    try {
      // The graph still exists.
      expect(await workspace.nx('show', 'projects')).toContain('users');
      for (const command of [['docker-build', 'users'], ['sync:check']]) {
        const { exitCode, output } = await workspace.startNx(command).ended;
        // Nx 23.2 itself ends with 130 if a task that others depend on failed.
        expect([1, 130]).toContain(exitCode);
        expect(output).toMatch(/apps\/users\/service\.yml:\d+: /);
        expect(output).not.toMatch(/^\s+at .*@org\/micro/m);
      }
      expect(receipts()).toBe(false);
    } finally {
      await workspace.git('checkout', '--', '.');
    }
  });

  it('must not have the port of another service', async () => {
    const { workspace } = fresh;
    await workspace.nx('g', '@org/micro:service', 'orders');
    const manifest = 'apps/orders/service.yml';
    await workspace.write(
      manifest,
      (await workspace.read(manifest)).replace(/port: \d+/, `port: ${port}`),
    );
    try {
      const { exitCode, output } = await workspace.startNx(['sync:check']).ended;
      expect(exitCode).toBe(1);
      expect(output).toMatch(/service\.yml:\d+: port \d+ is already used by "(users|orders)"/);
    } finally {
      await workspace.git('clean', '--force', '-d', 'apps');
      await workspace.git('checkout', '--', '.');
      await workspace.npm('install');
    }
  });

  it('still works beside a Dockerfile without a project', async () => {
    const { workspace } = fresh;
    await workspace.write('infra/proxy/Dockerfile', 'FROM scratch\n');
    await workspace.write('infra/proxy/service.yml', 'port: 3009\n');
    expect((await workspace.nx('show', 'projects')).trim().split('\n')).not.toContain('proxy');
    await workspace.nx('sync:check');
    await workspace.git('clean', '--force', '-d', 'infra');
  });

  it('reports once that no engine answers, and leaves no receipt', async () => {
    const { workspace } = fresh;
    await rmReceipts();
    const { exitCode, output } = await workspace.startNx(['docker-build', 'users'], {
      env: { DOCKER_HOST: 'tcp://127.0.0.1:9' },
    }).ended;
    expect(exitCode).toBe(1);
    expect(output.match(/no Docker Engine answers on tcp:\/\/127\.0\.0\.1:9/g)).toHaveLength(1);
    expect(output).not.toMatch(/^\s+at /m);
    expect(receipts()).toBe(false);
  });

  const receipts = () => existsSync(join(fresh.workspace.root, 'dist/receipts'));
  const rmReceipts = () => mustRun('rm', ['-rf', join(fresh.workspace.root, 'dist/receipts')]);
});

async function inspect(format: string, reference: string): Promise<string> {
  return (await mustRun('docker', ['inspect', '--format', format, reference])).trim();
}

/** Command lines of processes that mention a folder. */
async function processesOf(folder: string): Promise<string[]> {
  const outcome = await run('ps', ['-eo', 'args']);
  if (!succeeded(outcome)) return [];
  return outcome.stdout.split('\n').filter((line) => line.includes(folder));
}
