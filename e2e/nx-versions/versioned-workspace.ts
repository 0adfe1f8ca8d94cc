import { afterAll, beforeAll, expect, it } from 'vitest';
import { mustEnd } from '../../tools/testing/child.js';
import { readState, type PlatformState } from '../../tools/testing/deployed-platform.js';
import { describeEngine } from '../../tools/testing/describe-engine.js';
import { freePort } from '../../tools/testing/free-port.js';
import { recordSupport } from '../../tools/generated/support-page.js';
import { addedWorkspace, type FreshWorkspace } from '../fresh-workspace.js';

const SERVICES = ['users', 'gateway'] as const;
type Service = (typeof SERVICES)[number];

/** A version besides the one for all other tests. */
export interface NxVersion {
  version: string;
  /** What else of Nx is there, in words. */
  beside: string;
  /** The packages of Nx in the workspace. */
  nx: Record<string, string>;
}

/**
 * Covers what may differ between versions of Nx: the graph, its hashes, batches, sync, `affected`. Each version is a file
 * of its own, so that they run beside each other.
 */
export function testNxVersion({ version, beside, nx: packages }: NxVersion): void {
  describeEngine(`a fresh workspace of Nx ${version} ${beside}`, () => {
    let fresh: FreshWorkspace;
    let port: number;

    beforeAll(async () => {
      fresh = await addedWorkspace(undefined, packages);
      const { nx, npm, commit, read, write } = fresh.workspace;
      port = await freePort();
      await nx('g', '@org/micro:service', 'users', '--routes=/api/users', '--skipInstall');
      await nx(
        'g',
        '@org/micro:gateway',
        'gateway',
        '--consumes=users',
        `--port=${await freePort()}`,
        '--skipInstall',
      );
      const file = 'environments/development.yml';
      await write(file, `${await read(file)}services:\n  gateway:\n    publish: ${port}\n`);
      await npm('install', '--prefer-offline');
      await nx('sync');
      await commit('users and a gateway');
    });

    afterAll(() => fresh?.remove());

    const state = () => {
      const { registry, workspace } = fresh;
      const project = `${workspace.name}-development`;
      return readState({ registry, platform: workspace.name, project }, SERVICES);
    };
    const affected = (target: string) =>
      mustEnd(fresh.workspace.startNx(['affected', '-t', target, '--base=HEAD~1', '--head=HEAD']));
    const containers = (now: PlatformState<Service>) => SERVICES.map((one) => now[one].containers);

    it('runs its own Nx, is in sync, and stays the same when generated again', async () => {
      const { nx, git } = fresh.workspace;
      expect(await nx('--version')).toContain(`Local: v${version}`);
      await nx('sync:check');
      await nx('g', '@org/micro:service', 'users', '--skipInstall');
      expect(await git('status', '--porcelain')).toBe('');
    });

    it('builds, pushes and deploys all services in one run', async () => {
      await fresh.workspace.nx('run-many', '-t', 'compose-deploy');
      const answer = await fetch(`http://127.0.0.1:${port}/api/users/hello`);
      expect(await answer.json()).toEqual({ message: 'Hello world, this is users' });
      const now = await state();
      expect(containers(now)).toEqual([[expect.any(String)], [expect.any(String)]]);
      await fresh.workspace.nx('run-many', '-t', 'compose-deploy');
      expect(await state()).toEqual(now);
    });

    it('builds nothing for a comment, and deploys a changed provider without its consumer', async () => {
      const { edit, commit } = fresh.workspace;
      const before = await state();
      const routes = 'apps/users/src/routes/hello.ts';
      await edit(routes, 'import', '// Greets.\nimport');
      await commit('A comment');
      await affected('docker-build');
      expect(await state()).toEqual(before);

      await edit(
        'apps/users/src/app.ts',
        'helloRoutes(app);',
        "helloRoutes(app);\n      app.get('/changed', () => 'changed');",
      );
      await commit('A route');
      await affected('compose-deploy');
      const after = await state();
      expect(after.users.digest).not.toBe(before.users.digest);
      expect(after.users.containers).not.toEqual(before.users.containers);
      expect(after.gateway).toEqual(before.gateway);
    });

    it('applies a manifest by sync, and says what is out of date', async () => {
      const { edit, startNx, nx, git, read } = fresh.workspace;
      await edit('apps/gateway/service.yml', 'consumes:', 'resources: { memory: 200M }\nconsumes:');
      const { exitCode, output } = await startNx(['sync:check']).ended;
      expect(exitCode).toBe(1);
      expect(output).toContain('apps/gateway/compose.yaml');
      await nx('sync');
      expect(await read('apps/gateway/compose.yaml')).toContain('200M');
      await nx('sync:check');
      await git('checkout', '--', '.');
    });

    it.runIf(process.env['SUPPORT'] === 'write')('has its row', () =>
      recordSupport({
        tool: 'Nx',
        version,
        run: `${beside}: nx add, generators, sync, affected, build, push, deploy`,
        result: 'works',
      }),
    );
  });
}
