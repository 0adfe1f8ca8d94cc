import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ROOT } from '../../../tools/generated/file';

/** What each executor loads: files of YAML and their schemas, and globs of files. */
const ALWAYS = ['fastest-levenshtein', 'fdir', 'picomatch', 'tinyglobby', 'yaml', 'zod'];

/** What a Dockerfile is read with. */
const DOCKERFILE = [
  '@balena/dockerignore',
  'dockerfile-ast',
  'vscode-languageserver-textdocument',
  'vscode-languageserver-types',
];

/** What a bundle is made with and looked through, and what it needs is read from a lockfile with. */
const BUNDLE = [
  'acorn',
  'esbuild',
  'hosted-git-info',
  'jsonc-parser',
  'lru-cache',
  'npm-package-arg',
  'proc-log',
  'semver',
  'validate-npm-package-name',
];

const SBOM = [
  '@cyclonedx/cyclonedx-library',
  'packageurl-js',
  'spdx-exceptions',
  'spdx-expression-parse',
  'spdx-license-ids',
];

// Nx loads one of these in each process that it starts, and starts some in every run. What only some runs need, such as Nx's
// devkit or the client of a cloud, must be loaded there.
it.each([
  ['inference/plugin', []],
  ['executors/build/batch', [...ALWAYS, ...BUNDLE, ...SBOM]],
  ['executors/docker-build/batch', [...ALWAYS, ...DOCKERFILE]],
  ['executors/docker-push/batch', ALWAYS],
  ['executors/compose-deploy/batch', ALWAYS],
  ['executors/kubernetes-deploy/batch', ALWAYS],
])('%s loads no other packages than these', async (entry, packages) => {
  // tsx compiles this, and has loaded packages of its own.
  const program = `for (const file of Object.keys(require.cache)) delete require.cache[file];
require('./packages/micro/src/${entry}');
console.log(Object.keys(require.cache).join('\\n'));`;
  const args = ['--import', 'tsx', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  const files = stdout.trim().replaceAll('\\', '/').split('\n');
  expect(files.filter((file) => file.endsWith(`/packages/micro/src/${entry}.ts`))).toHaveLength(1);
  const loaded = files.flatMap((file) => PACKAGE.exec(file)?.[1] ?? []);
  expect([...new Set(loaded)].sort()).toEqual([...packages].sort());
});

const PACKAGE = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/;
