import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { docker, EngineWorkspace } from '../../testing/engine-workspace';
import { writeFiles } from '../../testing/temporary-workspace';

const MAIN = `import bcrypt from 'bcrypt';
import { hash } from '@node-rs/argon2';
import packed from 'packed';
console.log(bcrypt.hashSync('x', 4).length, (await hash('x')).slice(0, 9), packed);
`;

describeEngine('native addons', () => {
  let workspace: EngineWorkspace;
  const base = `spec-npm-12-${randomUUID().slice(0, 8)}`;
  afterAll(() => {
    workspace?.remove();
    docker('image', 'rm', '--force', base);
  });

  it('are installed in the image from the pruned lockfile, overrides, packed packages and approved scripts included', async () => {
    workspace = new EngineWorkspace();
    // npm 11 runs every install script, npm 12 those that are approved.
    execFileSync('docker', ['build', '--quiet', '--tag', base, '-'], {
      input:
        'FROM node:24-bookworm-slim\nRUN npm install --global --no-audit --no-fund npm@12.2.1\n',
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    workspace.addService('orders', 3001, { main: MAIN });
    const npm = (...args: string[]) =>
      execFileSync('npm', args, { cwd: workspace.root, stdio: 'pipe', encoding: 'utf8' });
    writeFiles(workspace.root, {
      'package.json': JSON.stringify({
        name: '@spec/source',
        private: true,
        // Not what bcrypt asks for: without the override npm ci refuses the lockfile.
        overrides: { 'node-addon-api': '7.1.1' },
        allowScripts: { bcrypt: true, 'file:vendor/packed-1.0.0.tgz': true, unrelated: true },
      }),
      'vendor/packed/package.json': JSON.stringify({
        name: 'packed',
        version: '1.0.0',
        scripts: { install: 'cp index.js built.js' },
      }),
      'vendor/packed/index.js': `module.exports = require('node:fs').readdirSync(__dirname).join();`,
      'apps/orders/service.yml': 'port: 3001\nbuild: { external: [packed] }\n',
    });
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund'];
    execFileSync('npm', ['pack', '--silent', '--pack-destination', '..'], {
      cwd: join(workspace.root, 'vendor/packed'),
      stdio: 'pipe',
    });
    npm(
      'install',
      ...quiet,
      'bcrypt@6',
      '@node-rs/argon2@2',
      './vendor/packed-1.0.0.tgz',
      'is-odd',
    );

    const built = await workspace.build('orders');
    expect(built.output).toContain('instead of bundled: bcrypt (a native addon (depends on ');
    const app = 'dist/apps/orders/app';
    const { allowScripts } = JSON.parse(workspace.read(`${app}/package.json`)) as {
      allowScripts: object;
    };
    expect(allowScripts).toEqual({ bcrypt: true, 'file:vendor-packed-1.0.0.tgz': true });
    const { packages } = JSON.parse(workspace.read(`${app}/package-lock.json`)) as {
      packages: Record<string, { version: string }>;
    };
    expect(packages['node_modules/node-addon-api']?.version).toBe('7.1.1');
    expect(packages['node_modules/is-odd']).toBeUndefined();
    // npm itself accepts the manifest and the lockfile.
    execFileSync('npm', ['ci', '--dry-run', ...quiet], {
      cwd: join(workspace.root, app),
      stdio: 'pipe',
    });

    const { success, output } = await workspace.dockerBuild('orders', {
      buildArgs: { NODE_IMAGE: base },
    });
    expect(success, output).toBe(true);
    const { image } = workspace.receipt('orders', 'docker-build');
    expect(docker('run', '--rm', image)).toBe('60 $argon2id built.js,index.js,package.json');
  });
});
