import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngine } from '../../../../tools/testing/describe-engine';
import { userEnvironment } from '../../../../tools/testing/user-environment';
import { buildArtifact } from '../effects/bundle-artifact';

const PNPM = '10.34.9';
const TEMPLATE = join(__dirname, '../generators/service/files/pnpm/Dockerfile.template');

describeEngine('an install from a pruned pnpm lockfile', () => {
  const image = `micro-pnpm-${randomBytes(4).toString('hex')}`;
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'micro-pnpm-')));
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, args, { cwd: root, env: userEnvironment(), encoding: 'utf8' });
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };

  beforeAll(() => {
    write('package.json', '{ "name": "@acme/source", "private": true }');
    write(
      'pnpm-workspace.yaml',
      'packages: [apps/*, libs/*]\noverrides: { ms: 2.1.2 }\ncatalog: { num: npm:is-number@6.0.0 }\nonlyBuiltDependencies: [bufferutil]\n',
    );
    write(
      'libs/mask/package.json',
      '{ "name": "@acme/mask", "type": "module", "exports": "./index.ts", "dependencies": { "bufferutil": "4.0.9" } }',
    );
    write(
      'libs/mask/index.ts',
      "import bufferutil from 'bufferutil';\nexport const mask = typeof bufferutil.mask;\n",
    );
    write(
      'apps/orders/package.json',
      JSON.stringify({
        name: '@acme/orders',
        type: 'module',
        dependencies: {
          '@acme/mask': 'workspace:*',
          bufferutil: '4.0.9',
          debug: '4.3.7',
          num: 'catalog:',
          ws: '8.18.0',
        },
      }),
    );
    write(
      'apps/orders/src/main.ts',
      [
        "import { mask } from '@acme/mask';",
        "import bufferutil from 'bufferutil';",
        "import debug from 'debug';",
        "import isNumber from 'num';",
        "import { WebSocket } from 'ws';",
        'console.log(mask, typeof bufferutil.unmask, typeof debug, isNumber(1), typeof WebSocket);',
        '',
      ].join('\n'),
    );
    const dockerfile = readFileSync(TEMPLATE, 'utf8')
      .replaceAll('<%= root %>', 'apps/orders')
      .replaceAll('<%= port %>', '3001')
      .replaceAll('<%= managerVersion %>', PNPM);
    write('Dockerfile', dockerfile);
    run('npx', '-y', `pnpm@${PNPM}`, 'install', '--no-frozen-lockfile');
  });
  afterAll(() => {
    rmSync(root, { recursive: true, force: true });
    execFileSync('docker', ['image', 'rm', '--force', image]);
  });

  it('runs native add-ons, aliases and overridden packages', async () => {
    const { externals } = await buildArtifact({
      workspaceRoot: root,
      projectRoot: 'apps/orders',
      build: { entry: 'src/main.ts', external: ['debug', 'num'], assets: [] },
      outputPath: 'dist/apps/orders',
    });
    expect([...externals.keys()].sort()).toEqual(['bufferutil', 'debug', 'num']);
    run('docker', 'build', '--quiet', '--tag', image, '--build-context', 'artifact=dist/apps', '.');
    const inImage = (...command: string[]) =>
      run('docker', 'run', '--rm', image, ...command).trim();
    expect(inImage('node', 'main.js')).toBe('function function function true function');
    const store = inImage('ls', 'node_modules/.pnpm').split('\n');
    expect(store.filter((name) => name.includes('@'))).toEqual([
      'bufferutil@4.0.9',
      'debug@4.3.7',
      'is-number@6.0.0',
      'ms@2.1.2',
      'node-gyp-build@4.8.4',
    ]);
  });
});
