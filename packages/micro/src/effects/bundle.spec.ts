import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import { bundle } from './bundle';

const REPOSITORY = resolve(__dirname, '../../../..');

it('bundles the client of Kafka, and installs what reads WebAssembly beside its own code', async () => {
  const request = {
    workspaceRoot: REPOSITORY,
    projectRoot: 'packages/chassis',
    build: { entry: 'src/kafka.ts', external: [], assets: [] },
    outputPath: 'dist/none',
  };
  const outfile = join(temporaryWorkspace({}), 'main.js');
  const { externals, metafile, warnings } = await bundle(request, outfile);
  expect(Object.fromEntries(externals)).toEqual({
    '@platformatic/wasm-utils': {
      reason: 'it reads dist/native.wasm from its own folder, in dist/index.js:4',
      path: 'node_modules/@platformatic/wasm-utils',
    },
  });
  expect(Object.keys(metafile.inputs)).toContain('node_modules/@platformatic/kafka/dist/index.js');
  expect(warnings).toEqual([]);
});
