import { readFileSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readPlatform } from '../platform/workspace';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import { addMissingSecrets } from './env-file';
import { fileReader } from './files';
import { findServiceProjects } from './workspace-projects';

const NAMES = [
  'ORDERS_DATABASE_OWNER_PASSWORD',
  'ORDERS_DATABASE_PASSWORD',
  'ORDERS_DATABASE_SERVICE_PASSWORD',
];

function workspace(files: Readonly<Record<string, string>> = {}) {
  const root = temporaryWorkspace({
    'package.json': '{ "name": "acme" }',
    'apps/orders/package.json': '{ "name": "orders" }',
    'apps/orders/service.yml': 'port: 3001\ndatastores: { database: postgres }\n',
    ...files,
  });
  const read = fileReader(root);
  const platform = readPlatform(findServiceProjects(root, read), read);
  return { root, platform, env: () => parseEnv(read('.env') ?? '') };
}

describe('addMissingSecrets', () => {
  it('adds each missing password, for the user alone, and keeps what is there', async () => {
    const { root, platform, env } = workspace({ '.env': 'ORDERS_DATABASE_PASSWORD=mine' });
    expect(await addMissingSecrets(root, platform)).toEqual(
      NAMES.filter((name) => name !== 'ORDERS_DATABASE_PASSWORD'),
    );
    expect(env()).toMatchObject({
      ORDERS_DATABASE_PASSWORD: 'mine',
      ORDERS_DATABASE_SERVICE_PASSWORD: expect.stringMatching(/^[0-9a-f]{48}$/) as string,
    });
    expect(statSync(join(root, '.env')).mode & 0o777).toBe(0o600);
    const text = readFileSync(join(root, '.env'), 'utf8');
    expect(await addMissingSecrets(root, platform)).toEqual([]);
    expect(readFileSync(join(root, '.env'), 'utf8')).toBe(text);
  });

  it('adds nothing that has a value from elsewhere', async () => {
    const { root, platform, env } = workspace();
    const given = Object.fromEntries(NAMES.map((name) => [name, 'given']));
    expect(await addMissingSecrets(root, platform, given)).toEqual([]);
    expect(env()).toEqual({});
  });

  it('makes one value for each, also if it runs several times at once', async () => {
    const { root, platform, env } = workspace();
    const added = await Promise.all(
      Array.from({ length: 8 }, () => addMissingSecrets(root, platform)),
    );
    expect(added.filter((names) => names.length > 0)).toEqual([NAMES]);
    expect(Object.keys(env()).sort()).toEqual(NAMES);
    expect(readdirSync(root)).not.toContain('.env.lock');
  });

  it('says what to do about a lock that was left behind', async () => {
    const { root, platform, env } = workspace({ '.env.lock': '' });
    const old = new Date(Date.now() - 60_000);
    utimesSync(join(root, '.env.lock'), old, old);
    await expect(addMissingSecrets(root, platform)).rejects.toThrow(
      /\.env\.lock is left over from a process that was killed: delete it and try again$/,
    );
    expect(env()).toEqual({});
  });
});
