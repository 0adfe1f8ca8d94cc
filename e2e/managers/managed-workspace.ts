import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { mustRun, run } from '../../tools/command.js';
import { recordSupport } from '../../tools/generated/support-page.js';
import { ensureRegistry } from '../../tools/registry/ensure-registry.js';
import { mustEnd, startChild } from '../../tools/testing/child.js';
import { readState } from '../../tools/testing/deployed-platform.js';
import { describeEngine } from '../../tools/testing/describe-engine.js';
import { freePort } from '../../tools/testing/free-port.js';
import { managerEnvironment, managerVersion } from '../../tools/testing/package-managers.js';
import { removePlatform } from '../../tools/testing/remove-platform.js';
import { PIPELINE } from '../../tools/testing/user-environment.js';
import { createWorkspace, type Workspace } from '../../tools/testing/workspace.js';

/** Time limit for something that happens in another process. */
const EVENTUALLY = { timeout: 60_000, interval: 200 };

/** The files of a workspace of each package manager, besides package.json. */
const SETTINGS = {
  yarn: (registry: string) => ({ '.yarnrc.yml': yarnSettings(registry, 'node-modules') }),
  'yarn pnp': (registry: string) => ({ '.yarnrc.yml': yarnSettings(registry, 'pnp') }),
  bun: (registry: string) => ({ '.npmrc': `@org:registry=${registry}\n` }),
  npm: (registry: string) => ({ '.npmrc': `@org:registry=${registry}\n` }),
  'pnpm 11': (registry: string) => ({
    '.npmrc': `@org:registry=${registry}\n`,
    'pnpm-workspace.yaml':
      'packages: [packages/*]\nminimumReleaseAge: 0\nallowBuilds: { "@swc/core": false, bufferutil: true, esbuild: true, nx: true }\n',
  }),
} as const;

function yarnSettings(registry: string, linker: string): string {
  return [
    `nodeLinker: ${linker}`,
    'enableTelemetry: false',
    // These were published just now. The setting for all packages does not apply to a scope
    // (findings/yarn-4-age-gate-of-a-scope.sh).
    `npmScopes: { org: { npmRegistryServer: "${registry}", npmMinimalAgeGate: 0 } }`,
    'unsafeHttpWhitelist: [127.0.0.1]',
    '',
  ].join('\n');
}

const YARN_MANIFEST = {
  dependenciesMeta: { bufferutil: { built: true } },
  // Vite 8.4.0 has an optional package that not every mirror has; Yarn then installs nothing at all.
  resolutions: { vite: '8.3.8' },
};

/**
 * What package.json has beside: approvals of install scripts, for example. For npm and Yarn, `nx add` adds those of
 * esbuild and nx.
 */
const MANIFESTS = {
  yarn: YARN_MANIFEST,
  'yarn pnp': YARN_MANIFEST,
  bun: { trustedDependencies: ['bufferutil', 'esbuild', 'nx'] },
  // That of the native addon is given later: without it, npm 12 skips the script and says nothing.
  npm: {},
  'pnpm 11': {},
} as const;

/** How to install once package.json changed, although `CI` is set. */
const AFTER_A_CHANGE: Readonly<Record<string, readonly string[]>> = {
  yarn: ['install', '--no-immutable'],
  bun: ['install', '--no-frozen-lockfile'],
  npm: ['install', '--no-audit', '--no-fund'],
  pnpm: ['install', '--no-frozen-lockfile'],
};

/** What a team has from `nx add` to a deploy. Each package manager is a file of its own, so that they run beside each other. */
export function testManager(manager: keyof typeof SETTINGS): void {
  describeEngine(`a workspace of ${manager}`, () => {
    const program = manager.split(' ')[0]!;
    const isPnp = manager === 'yarn pnp';
    const installed = manager === 'yarn pnp' ? 'yarn' : manager;
    let workspace: Workspace;
    let environment: NodeJS.ProcessEnv;
    let registry: string;
    let port: number;
    /** What was printed while packages were added. */
    let added = '';
    const install = (...args: string[]) =>
      mustEnd(startChild(program, args, { cwd: workspace.root, env: environment }));
    const nx = (...args: string[]) =>
      mustEnd(
        isPnp
          ? startChild('yarn', ['nx', ...args], {
              cwd: workspace.root,
              env: { ...environment, ...PIPELINE },
            })
          : workspace.startNx(args, { env: environment }),
      );
    const tag = `micro-manager-${randomBytes(4).toString('hex')}`;
    const base = `${tag}-base`;

    beforeAll(async () => {
      registry = (await ensureRegistry()).host;
      // As in a pipeline, with `CI=true`: `nx add` and generators must be able to change the lockfile.
      environment = await managerEnvironment(installed);
      const packages = /@org:registry=(\S+)/.exec(inject('prepared').npmrc)![1]!;
      workspace = await createWorkspace('e2e-manager', undefined, PIPELINE);
      for (const [path, text] of Object.entries(SETTINGS[manager](packages))) {
        await workspace.write(path, text);
      }
      // As written by `yarn init`.
      await workspace.write('.gitignore', `${await workspace.read('.gitignore')}.yarn/*\n.pnp.*\n`);
      const manifest = JSON.parse(await workspace.read('package.json')) as object;
      const packageManager = `${program}@${managerVersion(installed)}`;
      await workspace.write(
        'package.json',
        JSON.stringify({ ...manifest, ...MANIFESTS[manager], packageManager }, null, 2),
      );
      await install(...(program === 'yarn' ? ['install', '--no-immutable'] : ['install']));
      added += await nx('add', '@org/micro');
      const development = 'environments/development.yml';
      await workspace.edit(
        development,
        'engine: compose\n',
        `engine: compose\nregistry: ${registry}\n`,
      );
      port = await freePort();
      added += await nx('g', '@org/micro:service', 'users', `--port=${port}`);
      await workspace.commit('users');
    });

    afterAll(async () => {
      await run('docker', ['image', 'rm', '--force', tag, base]);
      if (!workspace) return;
      await removePlatform(workspace.name, [`${workspace.name}-development`], registry);
      await workspace.remove();
    });

    it('is set up by nx add, in sync, and stays the same when generated again', async () => {
      await nx('sync:check');
      await nx('g', '@org/micro:service', 'users');
      if (isPnp) await nx('run-many', '-t', 'typecheck', 'test');
      expect(await workspace.git('status', '--porcelain')).toBe('');
    });

    it('is set up without a warning about install scripts or versions of Node', async () => {
      expect(added).not.toMatch(/EBADENGINE|warn install-scripts|YN0004|Ignored build scripts/);
      const manifest = JSON.parse(await workspace.read('package.json')) as object;
      if (manager === 'npm') {
        expect(manifest).toMatchObject({ allowScripts: { esbuild: true, nx: true } });
      }
      if (program === 'yarn') {
        const built = { built: true };
        const expected = { bufferutil: built, esbuild: built, nx: built };
        expect(manifest).toMatchObject({ dependenciesMeta: expected });
      }
    });

    it('selects the service that gets a native add-on, and installs it in the image, with Nx and without', async () => {
      const manifest = 'apps/users/package.json';
      await workspace.edit(
        manifest,
        '"dependencies": {',
        '"dependencies": {\n    "bufferutil": "4.0.9",',
      );
      const entry = 'apps/users/src/main.ts';
      const addon =
        "import bufferutil from 'bufferutil';\nconsole.log('unmask is a', typeof bufferutil.unmask);\n";
      await workspace.write(entry, addon + (await workspace.read(entry)));
      await install(...AFTER_A_CHANGE[program]!);
      if (program === 'npm') await useNpm12();
      await workspace.commit('A native addon');
      const range = ['--base=HEAD~1', '--head=HEAD'];
      const built = await nx('affected', '-t', 'docker-build', ...range, '--output-style=static');
      expect(built).toContain('installed in the image instead of bundled: bufferutil');
      const bundle = await workspace.read('dist/apps/users/app/main.js');
      if (isPnp) {
        // Of packages in archives: where those lie must not decide what is in the image.
        expect(bundle).toContain('// node_modules/fastify/fastify.js');
        expect(bundle).not.toMatch(/^\/\/ .*\.yarn/m);
        const sbom = await workspace.read('dist/sboms/apps/users/sbom.cdx.json');
        expect(licenses(sbom)).toMatchObject({ bufferutil: 'MIT', fastify: 'MIT' });
      }
      await starts(`${workspace.name}/users:local`);
      const plain = await buildPlainly();
      expect(plain.code, plain.stderr).toBe(0);
      await starts(tag);
    });

    it('is deployed with it, and the next deploy changes nothing', async () => {
      const place = {
        registry,
        platform: workspace.name,
        project: `${workspace.name}-development`,
      };
      await nx('compose-deploy', 'users');
      const { users } = await readState(place, ['users']);
      expect(users).toMatchObject({ digest: expect.stringMatching(/^sha256:/) as string });
      expect(users.containers).toHaveLength(1);
      const hello = `const a = await fetch('http://127.0.0.1:${port}/hello'); console.log(a.status, await a.text())`;
      expect(
        await mustRun('docker', ['exec', users.containers[0]!, 'node', '-e', hello]),
      ).toContain('200 {"message":"Hello world, this is users"}');
      await nx('compose-deploy', 'users');
      expect((await readState(place, ['users'])).users).toEqual(users);
      if (process.env['SUPPORT'] !== 'write') return;
      await recordSupport({
        tool: program,
        version: managerVersion(installed),
        run: `${isPnp ? "Plug'n'Play: " : ''}nx add, service, sync, build, image with a native addon (with Nx and with plain docker build), deploy`,
        result: 'works',
      });
    });

    /** `docker build` without Nx. */
    function buildPlainly() {
      const file = ['--file', 'apps/users/Dockerfile'];
      const args = ['build', '--network=host', '--tag', tag, ...file, '.'];
      return run('docker', args, { cwd: workspace.root });
    }

    /** Images of Node 24 have npm 11, which runs each install script, approved or not. */
    async function useNpm12() {
      await workspace.write(
        'base.Dockerfile',
        `FROM node:24-bookworm-slim\nRUN npm install --global --no-audit --no-fund npm@${managerVersion('npm')}\n`,
      );
      const file = ['--file', 'base.Dockerfile'];
      await mustRun('docker', ['build', '--quiet', '--network=host', '--tag', base, ...file, '.'], {
        cwd: workspace.root,
      });
      await workspace.edit(
        'apps/users/Dockerfile',
        'NODE_IMAGE=node:24-bookworm-slim',
        `NODE_IMAGE=${base}`,
      );
      const refused = await buildPlainly();
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toContain(
        'package.json does not approve the install scripts of bufferutil@4.0.9.',
      );
      await workspace.edit(
        'package.json',
        '"esbuild": true',
        '"bufferutil": true, "esbuild": true',
      );
    }

    async function starts(image: string): Promise<void> {
      const container = (await mustRun('docker', ['run', '--detach', image])).trim();
      try {
        await vi.waitFor(async () => {
          const format = '{{.State.Health.Status}}';
          const health = await mustRun('docker', ['inspect', '--format', format, container]);
          expect(health.trim()).toBe('healthy');
        }, EVENTUALLY);
        expect(await mustRun('docker', ['logs', container])).toContain('unmask is a function');
      } catch (error) {
        const { stdout, stderr } = await run('docker', ['logs', container]);
        throw new Error(`the container said:\n${stdout}${stderr}`, { cause: error });
      } finally {
        await run('docker', ['rm', '--force', container]);
      }
    }
  });
}

/** The licence of each package. */
function licenses(sbom: string): Record<string, string | undefined> {
  const { components } = JSON.parse(sbom) as {
    components: { name: string; licenses?: { license?: { id?: string } }[] }[];
  };
  return Object.fromEntries(
    components.map((one) => [one.name, one.licenses?.[0]?.license?.id] as const),
  );
}
