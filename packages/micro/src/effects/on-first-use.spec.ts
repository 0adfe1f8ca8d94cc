import { build, type Plugin } from 'esbuild';
import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import { bundleOptions } from '../artifact/bundle';
import { bundledPackages } from '../artifact/bundled-packages';
import { externalPackages } from './external-packages';
import { buildWithCompilersApart, compilersOnFirstUse } from './on-first-use';

const REPOSITORY = resolve(__dirname, '../../../..');

/** Bundles code with the packages that are installed for a folder, and runs it. */
async function bundled(
  contents: string,
  resolveDir: string,
  { apart = true, others = [] as Plugin[] } = {},
) {
  const outfile = join(temporaryWorkspace({}), 'main.mjs');
  const { entryPoints: _, ...options } = bundleOptions({
    ...{ workspaceRoot: resolveDir, outfile, entry: '' },
    ...{ conditions: [], sourcemap: false },
  });
  const { metafile } = await build({
    ...options,
    stdin: { contents, resolveDir },
    plugins: [compilersOnFirstUse({ apart }), ...others],
  });
  return {
    files: readdirSync(dirname(outfile)).sort(),
    exports: (await import(outfile)) as Record<string, unknown>,
    metafile,
    inputs: Object.keys(metafile.inputs),
  };
}

const APP = `import { fastify } from 'fastify';
const app = fastify();
app.addSchema({ $id: 'name', type: 'string', minLength: 2 });
const named = { type: 'object', required: ['name'], properties: { name: { $ref: 'name#' } } };
app.post('/schema', { schema: { body: named, response: { 200: named } } }, (request) => ({
  ...request.body,
  secret: 'not in the schema',
}));
app.get('/', () => ({ any: 'thing' }));
export const ask = (request) => app.inject(request).then(({ statusCode, body }) => [statusCode, body]);
`;

it.each([
  [true, ['main.mjs', 'schema-compilers.cjs']],
  [false, ['main.mjs']],
])('changes no answer of Fastify, with or without schemas: apart %s', async (apart, written) => {
  const { exports, inputs, files } = await bundled(APP, REPOSITORY, { apart });
  expect(files).toEqual(written);
  // Else Fastify has moved the file that loads them.
  expect(inputs.filter((file) => file.endsWith('?on-first-use')).sort()).toEqual([
    'node_modules/@fastify/ajv-compiler/index.js?on-first-use',
    'node_modules/@fastify/fast-json-stringify-compiler/index.js?on-first-use',
  ]);
  const ask = exports['ask'] as (request: object) => Promise<[number, string]>;
  const post = (payload: object) => ask({ method: 'POST', url: '/schema', payload });
  expect(await ask({ url: '/' })).toEqual([200, '{"any":"thing"}']);
  expect(await post({ name: 'Ada' })).toEqual([200, '{"name":"Ada"}']);
  const [status, body] = await post({ name: 'A' });
  expect(status).toBe(400);
  expect(body).toContain('body/name must NOT have fewer than 2 characters');
});

/** Stands in for Fastify: what it does with the compilers, without a schema at first. */
const files = {
  'node_modules/fastify/package.json': '{ "name": "fastify" }',
  'node_modules/fastify/lib/schema-controller.js': `const create = require('@fastify/ajv-compiler');
exports.build = create();
`,
  'node_modules/@fastify/ajv-compiler/package.json': '{ "name": "@fastify/ajv-compiler" }',
  'node_modules/@fastify/ajv-compiler/index.js': `const loaded = (globalThis.loaded ??= []);
loaded.push('loaded');
module.exports = () => (loaded.push('created'), (schema) => 'compiled ' + schema);
`,
};

const USE = `export { build } from 'fastify/lib/schema-controller.js';
globalThis.loaded = [];
export const { loaded } = globalThis;
`;

it.each([true, false])(
  'loads a compiler for the first schema, and once: apart %s',
  async (apart) => {
    const { exports } = await bundled(USE, temporaryWorkspace(files), { apart });
    const compile = exports['build'] as (schema: string) => string;
    expect(exports['loaded']).toEqual([]);
    expect([compile('a'), compile('b')]).toEqual(['compiled a', 'compiled b']);
    expect(exports['loaded']).toEqual(['loaded', 'created']);
  },
);

it('leaves a compiler alone that is external, or that other code imports', async () => {
  const root = temporaryWorkspace(files);
  const declared = ['@fastify/ajv-compiler'];
  const { found, plugin } = externalPackages({ workspaceRoot: root, declared });
  const { inputs } = await bundled(
    `export const load = () => require('fastify/lib/schema-controller.js');`,
    root,
    { others: [plugin] },
  );
  expect([...found.keys()]).toEqual(declared);
  expect(inputs.filter((file) => file.includes('compiler'))).toEqual([]);
  const own = await bundled(`import create from '@fastify/ajv-compiler'; create();`, root);
  expect(own.inputs.filter((file) => file.includes('compiler'))).toEqual([
    'node_modules/@fastify/ajv-compiler/index.js',
  ]);
});

it('says what is in both files as if they were one bundle', async () => {
  const root = temporaryWorkspace(files);
  const { metafile } = await bundled(USE, root);
  const compiler = 'node_modules/@fastify/ajv-compiler/index.js';
  expect(metafile.inputs[`${compiler}?on-first-use`]!.imports).toEqual([
    { path: compiler, kind: 'require-call' },
  ]);
  const kept = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs));
  expect(kept.sort()).toEqual(Object.keys(metafile.inputs).sort());
  expect(kept).toContain(compiler);
  expect([...bundledPackages(metafile).keys()].sort()).toEqual([
    '',
    'node_modules/@fastify/ajv-compiler',
    'node_modules/fastify',
  ]);
  expect([...bundledPackages(metafile).values()].flatMap(({ external }) => [...external])).toEqual(
    [],
  );
});

it('leaves no file of compilers behind that a later run of the same bundle left out', async () => {
  const root = temporaryWorkspace(files);
  const outfile = join(root, 'app/main.mjs');
  const run = (code: string) =>
    build({
      ...bundleOptions({
        workspaceRoot: root,
        outfile,
        entry: '',
        conditions: [],
        sourcemap: false,
      }),
      ...{ entryPoints: undefined, stdin: { contents: code, resolveDir: root } },
      plugins: [compilersOnFirstUse({ apart: true })],
    });
  await run(USE);
  expect(readdirSync(dirname(outfile)).sort()).toEqual(['main.mjs', 'schema-compilers.cjs']);
  await run('export const nothing = 1;');
  expect(readdirSync(dirname(outfile))).toEqual(['main.mjs']);
});

it('keeps the compilers in the bundle if its code knows their classes, so that these are not there twice', async () => {
  const root = temporaryWorkspace({
    ...files,
    'node_modules/ajv/package.json': '{ "name": "ajv" }',
    'node_modules/ajv/index.js': 'exports.Name = class {};',
    'node_modules/@fastify/ajv-compiler/index.js': `const { Name } = require('ajv');
module.exports = () => (name) => name instanceof Name;
`,
  });
  const outfile = join(root, 'app/main.mjs');
  const run = async (code: string) => {
    const { entryPoints: _, ...options } = bundleOptions({
      ...{ workspaceRoot: root, outfile, entry: '', conditions: [], sourcemap: false },
    });
    await buildWithCompilersApart({ ...options, stdin: { contents: code, resolveDir: root } });
    return readdirSync(dirname(outfile)).sort();
  };
  expect(await run(USE)).toEqual(['main.mjs', 'schema-compilers.cjs']);
  const uses = `import { Name } from 'ajv';\n${USE}export const name = new Name();\n`;
  expect(await run(uses)).toEqual(['main.mjs']);
  const { build: compile, name } = (await import(outfile)) as {
    build: (name: unknown) => boolean;
    name: unknown;
  };
  expect(compile(name)).toBe(true);
});
