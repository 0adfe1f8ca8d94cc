import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { recordedTask } from '../../testing/service-task';
import { buildFunction } from './build-function';

const files = {
  'package.json': '{ "name": "acme" }',
  'tsconfig.base.json': '{}',
  'apps/orders/service.yml': 'port: 3001\nlambda: true\nbuild: { assets: [mail.html] }\n',
  'apps/orders/mail.html': '<p>',
  'apps/orders/src/main.ts': `console.log('listens');\n`,
  'apps/orders/src/app.ts': `export const answer = (name: string) => 'hello ' + name;\n`,
  'apps/orders/src/lambda.ts': `import { answer } from './app.js';
export const handler = async (event: { name: string }) => answer(event.name);
`,
};

const zipOf = ({ workspaceRoot }: { workspaceRoot: string }) =>
  readFileSync(join(workspaceRoot, 'dist/lambda/apps/orders/function.zip'));

describe('buildFunction', () => {
  it('zips the bundle of src/lambda.ts with its assets, and says its hash as Lambda does', async () => {
    const task = recordedTask(files);
    await buildFunction(task, {});
    const zip = zipOf(task);
    const codeSha256 = createHash('sha256').update(zip).digest('base64');
    expect(Object.keys(unzipSync(zip))).toEqual(['mail.html', 'main.js', 'package.json']);
    expect(JSON.parse(task.read('dist/lambda/apps/orders/function.json')!)).toEqual({
      handler: 'main.handler',
      runtime: 'nodejs24.x',
      zip: 'function.zip',
      bytes: zip.length,
      codeSha256,
    });
    expect(task.said).toHaveLength(1);
    expect(task.said[0]).toMatch(/orders.*zipped.*dist\/lambda\/apps\/orders\/function\.zip {2}/);
    expect(task.said[0]).toContain(`CodeSha256 ${codeSha256}`);
    const main = join(task.workspaceRoot, 'dist/lambda/apps/orders/app/main.js');
    const { handler } = (await import(main)) as { handler: (event: object) => Promise<string> };
    expect(await handler({ name: 'Ada' })).toBe('hello Ada');
  });

  it('gives the same bytes wherever the workspace is, and leaves the artifact of the image alone', async () => {
    const [one, two] = [recordedTask(files), recordedTask(files)];
    await buildFunction(one, {});
    await buildFunction(two, {});
    expect(zipOf(one)).toEqual(zipOf(two));
    expect(readdirSync(join(one.workspaceRoot, 'dist'))).toEqual(['lambda']);
  });

  it('refuses a service whose manifest does not say that it is a function', async () => {
    const task = recordedTask({ ...files, 'apps/orders/service.yml': 'port: 3001\n' });
    await expect(buildFunction(task, {})).rejects.toThrow(
      'apps/orders/service.yml does not say "lambda: true": add it and run "nx sync", or remove apps/orders/src/lambda.ts',
    );
  });

  it('says who makes the entry that is missing', async () => {
    const { 'apps/orders/src/lambda.ts': _, ...others } = files;
    await expect(buildFunction(recordedTask(others), {})).rejects.toThrow(
      'there is no apps/orders/src/lambda.ts: run "nx sync"',
    );
  });

  it('refuses packages that would have to be installed, and leaves no zip without them', async () => {
    const task = recordedTask({
      ...files,
      'package-lock.json': JSON.stringify({
        lockfileVersion: 3,
        packages: { 'node_modules/addon': { version: '1.0.0' } },
      }),
      'node_modules/addon/package.json': '{ "name": "addon", "version": "1.0.0", "gypfile": true }',
      'node_modules/addon/index.js': 'module.exports = 1;',
      'apps/orders/src/app.ts': `import addon from 'addon';\nexport const answer = () => addon;\n`,
    });
    await expect(buildFunction(task, {})).rejects.toThrow(
      /^apps\/orders cannot be a zip: .*\n {2}addon \(a native addon\)\n/,
    );
    expect(task.read('dist/lambda/apps/orders/function.zip')).toBeUndefined();
  });
});
