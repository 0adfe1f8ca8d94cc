import { expect, it } from 'vitest';
import { join } from 'node:path';
import { bundle } from './bundle';
import { temporaryWorkspace } from '../testing/temporary-workspace';

/** `client` and `codec` use the class of `buffers`; `codec` cannot be bundled, because it reads a file beside its code. */
const INSTALLED = {
  'node_modules/client/package.json': manifest('client', { buffers: '1', codec: '1' }),
  'node_modules/client/index.js': `import { Bytes } from 'buffers';
import { encode } from 'codec';
import { once } from 'alone';
export const send = () => once(encode(new Bytes()));`,
  'node_modules/codec/package.json': manifest('codec', { between: '1', missing: '1' }),
  'node_modules/codec/index.js': `import { readFileSync } from 'node:fs';
import { isBytes } from 'between';
const table = readFileSync(new URL('./table.bin', import.meta.url));
export const encode = (value) => isBytes(value) && table;`,
  'node_modules/codec/table.bin': '',
  'node_modules/between/package.json': manifest('between', { buffers: '1' }),
  'node_modules/between/index.js': `import { Bytes } from 'buffers';
export const isBytes = (value) => value instanceof Bytes;`,
  'node_modules/buffers/package.json': manifest('buffers'),
  'node_modules/buffers/index.js': 'export class Bytes {}',
  'node_modules/alone/package.json': manifest('alone'),
  'node_modules/alone/index.js': 'export const once = (value) => value;',
};

function manifest(name: string, dependencies: Record<string, string> = {}): string {
  return JSON.stringify({
    name,
    version: '1.0.0',
    type: 'module',
    exports: './index.js',
    dependencies,
  });
}

async function externalsOf(main: string): Promise<Record<string, string>> {
  const workspaceRoot = temporaryWorkspace({ ...INSTALLED, 'apps/orders/main.js': main });
  const request = {
    workspaceRoot,
    projectRoot: 'apps/orders',
    build: { entry: 'main.js', external: [], assets: [] },
    outputPath: 'dist/none',
  };
  const { externals } = await bundle(request, join(workspaceRoot, 'out/main.js'));
  return Object.fromEntries([...externals].map(([name, { reason }]) => [name, reason]));
}

it('installs what a bundled package shares with one that is installed, so that there is one copy', async () => {
  expect(await externalsOf(`import { send } from 'client';\nconsole.log(send());`)).toEqual({
    buffers: 'codec, which is external, depends on it, too, and they have to share it',
    codec: 'it reads table.bin from its own folder, in index.js:3',
  });
});

it('leaves in the bundle what code of the workspace imports, as before', async () => {
  const main = `import { Bytes } from 'buffers';\nimport { send } from 'client';\nconsole.log(send(), Bytes);`;
  expect(Object.keys(await externalsOf(main))).toEqual(['codec']);
});
