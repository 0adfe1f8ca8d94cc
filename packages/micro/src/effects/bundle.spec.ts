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
    // Each of two copies would take the buffers of the other for empty ones, and the server would refuse every event.
    '@platformatic/dynamic-buffer': {
      reason:
        '@platformatic/wasm-utils, which is external, depends on it, too, and they have to share it',
      path: 'node_modules/@platformatic/dynamic-buffer',
    },
    '@platformatic/wasm-utils': {
      reason: 'it reads dist/native.wasm from its own folder, in dist/index.js:4',
      path: 'node_modules/@platformatic/wasm-utils',
    },
  });
  expect(Object.keys(metafile.inputs)).toContain('node_modules/@platformatic/kafka/dist/index.js');
  expect(warnings).toEqual([]);
});

it('bundles the clients of SNS and SQS, and installs nothing', async () => {
  const request = {
    workspaceRoot: REPOSITORY,
    projectRoot: 'packages/chassis',
    build: { entry: 'src/sqs.ts', external: [], assets: [] },
    outputPath: 'dist/none',
  };
  const outfile = join(temporaryWorkspace({}), 'main.js');
  const { externals, metafile, warnings } = await bundle(request, outfile);
  expect([...externals.keys()]).toEqual([]);
  expect(Object.keys(metafile.inputs)).toEqual(
    expect.arrayContaining(
      ['sns', 'sqs'].map((name) => expect.stringContaining(`client-${name}/`) as string),
    ),
  );
  expect(warnings).toEqual([]);
});
