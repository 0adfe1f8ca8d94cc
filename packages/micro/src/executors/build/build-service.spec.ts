import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordedTask } from '../../testing/service-task';
import { writeFiles } from '../../testing/temporary-workspace';
import { buildService } from './build-service';

const files = {
  'package.json': '{ "name": "acme" }',
  'tsconfig.base.json':
    '{ "compilerOptions": { /* ours */ "customConditions": ["@acme/source"] } }',
  'apps/orders/src/main.ts': `import { greet } from '@acme/shared';\nconsole.log(greet('orders'));\n`,
  'libs/shared/package.json':
    '{ "name": "@acme/shared", "exports": { "@acme/source": "./index.ts", "default": "./dist.js" } }',
  'libs/shared/index.ts': 'export const greet = (name: string) => `hello ${name}`;\n',
  'node_modules/@acme/shared/package.json':
    '{ "name": "@acme/shared", "exports": { "@acme/source": "./index.ts" } }',
  'node_modules/@acme/shared/index.ts': 'export const greet = (name: string) => `hello ${name}`;\n',
};

const output = (root: string) => readdirSync(join(root, 'dist/apps/orders/app')).sort();

describe('buildService', () => {
  it('bundles sources of libraries, without the path they were built in', async () => {
    const [one, two] = [recordedTask(files), recordedTask(files)];
    await buildService(one, {});
    await buildService(two, {});
    const main = ({ workspaceRoot }: typeof one) =>
      readFileSync(join(workspaceRoot, 'dist/apps/orders/app/main.js'), 'utf8');
    expect(main(one)).toContain('hello ${name}');
    expect(main(one)).toBe(main(two));
    expect(output(one.workspaceRoot)).toEqual(['main.js', 'package.json']);
    expect(one.said[0]).toMatch(/orders.*bundled.*dist\/apps\/orders {2}\d+ B/);
  });

  it('keeps the previous artifact if the code is broken, and lists every place', async () => {
    const task = recordedTask(files);
    await buildService(task, {});
    writeFiles(task.workspaceRoot, {
      'apps/orders/src/main.ts': `import './none';\nimport { a } from 'missing';\nconsole.log(a);\n`,
    });
    await expect(buildService(task, {})).rejects.toThrow(
      /^apps\/orders could not be bundled:\n {2}apps\/orders\/src\/main\.ts:1:8: Could not resolve "\.\/none"\n {2}apps\/orders\/src\/main\.ts:2:19: /,
    );
    expect(output(task.workspaceRoot)).toEqual(['main.js', 'package.json']);
    expect(readdirSync(join(task.workspaceRoot, 'dist/apps'))).toEqual(['orders']);
  });

  const fonts = {
    'package-lock.json': JSON.stringify({
      lockfileVersion: 3,
      packages: { 'node_modules/fonts': { version: '1.0.0' } },
    }),
    'node_modules/fonts/package.json': '{ "name": "fonts", "version": "1.0.0" }',
    'node_modules/fonts/fonts.json': '{}',
    'node_modules/fonts/index.js': `const { join } = require('path');
exports.load = () => require('fs').readFileSync(join(__dirname, 'fonts.json'));
`,
    'apps/orders/src/main.ts': `import { load } from 'fonts';\nconsole.log(load());\n`,
  };

  it.each([
    ['', 'port: 3001\n'],
    [' beside others', 'port: 3001\nbuild: { external: [other] }\n'],
  ])('installs a package that reads a file beside itself%s, and says so', async (_, manifest) => {
    const task = recordedTask({ ...files, ...fonts, 'apps/orders/service.yml': manifest });
    await buildService(task, {});
    expect(task.said[1]).toBe(
      '  installed in the image instead of bundled: fonts (it reads fonts.json from its own folder, in index.js:2)',
    );
    expect(task.read('dist/apps/orders/app/package.json')).toContain('"fonts": "1.0.0"');
    expect(task.read('dist/apps/orders/app/main.js')).not.toContain('fonts.json');
  });

  it('names own code that reads a file which is not there in the image', async () => {
    const task = recordedTask({
      ...files,
      'libs/shared/mail.html': '',
      'node_modules/@acme/shared/mail.html': '',
      'apps/orders/src/schema.sql': '',
      'apps/orders/page.html': '',
      'apps/orders/service.yml': 'port: 3001\nbuild: { assets: [page.html] }\n',
      'apps/orders/src/main.ts': `import { readFileSync } from 'node:fs';
interface A { b: string }
console.log(readFileSync(new URL('schema.sql', import.meta.url)) as unknown as A);
console.log(readFileSync('page.html'));
`,
    });
    await buildService(task, {});
    expect(task.said.slice(1)).toEqual([
      'orders  warning: apps/orders/src/main.ts:3: reads apps/orders/src/schema.sql from its own folder, but in the image all code is in /app/main.js: list it under "build.assets" of apps/orders/service.yml and read it by a path from process.cwd(), which is /app there and apps/orders in nx serve',
    ]);
  });

  it("shows esbuild's warnings with the name of the service", async () => {
    const task = recordedTask({
      ...files,
      'apps/orders/src/main.ts': 'const a = { b: 1, b: 2 };\nconsole.log(a);\n',
    });
    await buildService(task, {});
    expect(task.said[1]).toBe(
      'orders  warning: apps/orders/src/main.ts:1:19: Duplicate key "b" in object literal',
    );
  });

  it('refuses assets that must not be in an image, each with its line', async () => {
    const manifest = 'port: 3001\nbuild:\n  assets:\n    - data\n    - .env\n    - "*.pem"\n';
    const task = recordedTask({
      ...files,
      'apps/orders/service.yml': manifest,
      'apps/orders/data/a.json': '{}',
      'apps/orders/.env': 'A=b',
      'apps/orders/a.pem': ['-----BEGIN', 'PRIVATE KEY-----'].join(' '),
    });
    await expect(buildService(task, {})).rejects.toThrow(
      /^2 problems .*\n {2}apps\/orders\/service\.yml:5: build\.assets: \.env has a name of files for secrets.*\n {2}apps\/orders\/service\.yml:6: build\.assets: a\.pem holds a private key/,
    );
    expect(task.read('dist/apps/orders/app/main.js')).toBeUndefined();
  });

  it('says who names the entry that is not there', async () => {
    const task = recordedTask({
      ...files,
      'apps/orders/service.yml': 'port: 3001\nbuild: { entry: server.js }\n',
    });
    await expect(buildService(task, {})).rejects.toThrow(
      /^there is no apps\/orders\/server\.js: "build\.entry" in apps\/orders\/service\.yml names the file that starts the service/,
    );
  });

  it('works several times at once', async () => {
    const task = recordedTask(files);
    await Promise.all(Array.from({ length: 5 }, () => buildService(task, {})));
    expect(output(task.workspaceRoot)).toEqual(['main.js', 'package.json']);
    expect(readdirSync(join(task.workspaceRoot, 'dist/apps'))).toEqual(['orders']);
  });

  it('says what it installs instead of bundling, and that this needs a lockfile', async () => {
    const addon = {
      'node_modules/addon/package.json': '{ "name": "addon", "version": "1.0.0", "gypfile": true }',
      'node_modules/addon/index.js': 'module.exports = 1;',
      'apps/orders/src/main.ts': `import addon from 'addon';\nconsole.log(addon);\n`,
    };
    const task = recordedTask({ ...files, ...addon });
    await expect(buildService(task, {})).rejects.toThrow(/^apps\/orders: addon must be installed/);
    writeFiles(task.workspaceRoot, {
      'package-lock.json': JSON.stringify({
        lockfileVersion: 3,
        packages: { 'node_modules/addon': { version: '1.0.0' } },
      }),
    });
    await buildService(task, {});
    expect(task.said.at(-1)).toBe(
      '  installed in the image instead of bundled: addon (a native addon)',
    );
    expect(output(task.workspaceRoot)).toEqual(['main.js', 'package-lock.json', 'package.json']);
  });

  it('copies assets', async () => {
    const task = recordedTask({
      ...files,
      'apps/orders/service.yml': 'port: 3001\nbuild: { assets: ["static/**"] }\n',
      'apps/orders/static/a/b.txt': 'b',
    });
    await buildService(task, {});
    expect(output(task.workspaceRoot)).toEqual(['main.js', 'package.json', 'static']);
  });
});
