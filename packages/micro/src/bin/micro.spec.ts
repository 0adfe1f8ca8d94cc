import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { temporaryWorkspace } from '../testing/temporary-workspace';

const PROGRAM = join(__dirname, 'micro.ts');
const LOADER = join(__dirname, '../../../../node_modules/tsx/dist/loader.mjs');

const workspace = () =>
  temporaryWorkspace({
    'nx.json': '{}',
    'package.json': '{ "name": "@shop/source" }',
    'apps/gateway/package.json': '{ "name": "gateway" }',
    'apps/gateway/service.yml': 'kind: gateway\nport: 3000\nconsumes: [orders]\n',
    'apps/orders/package.json': '{ "name": "orders" }',
    'apps/orders/service.yml': 'port: 3001\ndatastores:\n  database: postgres\n',
  });

/** As a shell runs it. */
function micro(cwd: string, ...args: string[]) {
  return new Promise<{ exitCode: number; output: string }>((resolve) => {
    execFile(
      process.execPath,
      ['--import', LOADER, PROGRAM, ...args],
      { cwd },
      (error, stdout, stderr) =>
        resolve({
          exitCode: typeof error?.code === 'number' ? error.code : error ? 1 : 0,
          output: stripVTControlCharacters(stdout + stderr),
        }),
    );
  });
}

describe('micro', () => {
  it('answers nothing with its usage', async () => {
    const { exitCode, output } = await micro(workspace());
    expect(output).toMatch(/^usage: micro <command>/);
    expect(exitCode).toBe(1);
  });

  it.each([
    ['statsu', /^there is no command "statsu"; did you mean "status"\?\n\nusage: micro <command>/],
    ['constructor', /^there is no command "constructor"; known are build, env, /],
  ])('answers %s with what there is', async (name, says) => {
    const { exitCode, output } = await micro(workspace(), name);
    expect(output).toMatch(says);
    expect(exitCode).toBe(1);
  });

  it.each(['--help', '-h', 'help'])('%s prints the usage', async (argument) => {
    const { exitCode, output } = await micro(workspace(), argument);
    expect(output).toMatch(/^usage: micro <command>/);
    expect(exitCode).toBe(0);
  });

  it.each(['build', 'env'])('%s refuses an option that it does not have', async (command) => {
    const { exitCode, output } = await micro(workspace(), command, '--nonsense');
    expect(output).toContain(`usage: micro ${command}`);
    expect(exitCode).toBe(1);
  });

  it.each(['build', 'status', 'backup', 'restore'])('%s --help', async (command) => {
    const { exitCode, output } = await micro(workspace(), command, '--help');
    expect(output).toMatch(new RegExp(`^usage: micro ${command}`));
    expect(exitCode).toBe(0);
  });

  it('draws the platform, from any folder of the workspace', async () => {
    const root = workspace();
    const { exitCode, output } = await micro(join(root, 'apps/orders'), 'topology');
    expect(output).toContain('service_gateway --> service_orders');
    expect(exitCode).toBe(0);
  });

  it('says what is wrong without a stack', async () => {
    const { exitCode, output } = await micro(workspace(), 'status', '-e', 'nowhere');
    expect(output).toBe('there is no environment "nowhere" (environments/nowhere.yml)\n');
    expect(exitCode).toBe(1);
  });

  it('adds passwords once', async () => {
    const root = workspace();
    expect((await micro(root, 'env')).output).toBe(
      '.env: added ORDERS_DATABASE_OWNER_PASSWORD, ORDERS_DATABASE_PASSWORD, ORDERS_DATABASE_SERVICE_PASSWORD\n',
    );
    const names = ['OWNER_PASSWORD', 'PASSWORD', 'SERVICE_PASSWORD'];
    expect(readFileSync(join(root, '.env'), 'utf8')).toMatch(
      new RegExp(`^${names.map((name) => `ORDERS_DATABASE_${name}=[0-9a-f]{48}\n`).join('')}$`),
    );
    expect(statSync(join(root, '.env')).mode & 0o777).toBe(0o600);
    expect((await micro(root, 'env')).output).toBe('.env is complete\n');
  });
});
