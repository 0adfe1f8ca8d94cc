import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { runCommand } from '../../testing/shell';
import { temporaryWorkspace } from '../../testing/temporary-workspace';
import { envCommand } from './command';

const NAMES =
  'ORDERS_DATABASE_OWNER_PASSWORD, ORDERS_DATABASE_PASSWORD, ORDERS_DATABASE_SERVICE_PASSWORD';

const workspace = () =>
  temporaryWorkspace({
    'package.json': '{ "name": "acme" }',
    'apps/orders/package.json': '{ "name": "orders" }',
    'apps/orders/service.yml': 'port: 3001\ndatastores: { database: postgres }\n',
  });

describe('micro env', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('writes what is missing', async () => {
    const root = workspace();
    expect(await runCommand(envCommand, root, '')).toMatchObject({
      exitCode: 0,
      output: `.env: added ${NAMES}`,
    });
    expect(readFileSync(join(root, '.env'), 'utf8').match(/=[0-9a-f]{48}$/gm)).toHaveLength(3);
    expect((await runCommand(envCommand, root, '')).output).toBe('.env is complete');
  });

  it('with --check only names it, unless the process has it', async () => {
    const root = workspace();
    expect(await runCommand(envCommand, root, '--check')).toMatchObject({
      exitCode: 1,
      output: `.env lacks ${NAMES}`,
    });
    expect(existsSync(join(root, '.env'))).toBe(false);
    vi.stubEnv('ORDERS_DATABASE_PASSWORD', 'given');
    expect((await runCommand(envCommand, root, '--check')).output).toBe(
      '.env lacks ORDERS_DATABASE_OWNER_PASSWORD, ORDERS_DATABASE_SERVICE_PASSWORD',
    );
    await runCommand(envCommand, root, '');
    expect(await runCommand(envCommand, root, '--check')).toMatchObject({
      exitCode: 0,
      output: '.env is complete',
    });
  });
});
