import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import { bundleOptions } from './bundle';

const request = (workspaceRoot: string, sourcemap = false) => ({
  workspaceRoot,
  entry: 'main.ts',
  outfile: join(workspaceRoot, 'out/main.mjs'),
  conditions: [],
  sourcemap,
});

it('is one module that runs CommonJS and ES modules alike, and does not contain the path it was built in', async () => {
  const root = temporaryWorkspace({
    'main.ts': `import { join } from 'node:path';\nimport old from './old.cjs';\nconsole.log(old(), join('a', 'b'), await Promise.resolve('top'));\n`,
    'old.cjs': `module.exports = () => require('os').EOL.length + ' ' + typeof __dirname + ' ' + typeof __filename;\n`,
  });
  const { outputFiles } = await build({ ...bundleOptions(request(root)), write: false });
  expect(outputFiles).toHaveLength(1);
  expect(outputFiles[0]!.text).not.toContain(root);
  await build(bundleOptions(request(root)));
  expect(execFileSync(process.execPath, [join(root, 'out/main.mjs')], { encoding: 'utf8' })).toBe(
    '1 string string a/b top\n',
  );
});

it('has the text of a schema that is imported', async () => {
  const root = temporaryWorkspace({
    'main.ts': `import text from './schema.graphql';\nconsole.log(text.length);\n`,
    'schema.graphql': 'type Query { a: Int }',
  });
  await build(bundleOptions(request(root)));
  expect(execFileSync(process.execPath, [join(root, 'out/main.mjs')], { encoding: 'utf8' })).toBe(
    '21\n',
  );
});

it('does not change for a comment, and carries no map into production', async () => {
  const text = async (main: string, sourcemap = false) => {
    const root = temporaryWorkspace({ 'main.ts': main });
    const options = bundleOptions(request(root, sourcemap));
    return (await build({ ...options, write: false })).outputFiles[0]!.text;
  };
  const plain = await text('console.log(1);\n');
  expect(await text('// a comment\n\nconsole.log(1); // another\n')).toBe(plain);
  expect(plain).not.toContain('sourceMappingURL');
  expect(await text('console.log(1);\n', true)).toContain('sourceMappingURL=data:');
});
