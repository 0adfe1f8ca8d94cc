import { describe, expect, it } from 'vitest';
import type { Service } from '../platform/platform';
import { parseManifest } from '../platform/manifest';
import { deriveResourcesModule } from './resources-module';

function serviceWith(datastores: string): Service {
  const text = `port: 3001\ndatastores: { ${datastores} }\n`;
  const { read } = parseManifest('service.yml', text);
  return { ...read!.manifest, name: 'orders', root: 'apps/orders' };
}

describe('the module of the datastores', () => {
  it('connects each purpose, with the options that it needs', () => {
    const all = 'database: postgres, cache: redis, pubsub: redis, rate-limit: redis';
    const { path, text } = deriveResourcesModule(serviceWith(all), true, undefined);
    expect(path).toBe('apps/orders/src/resources.ts');
    expect(text)
      .toBe(`// Kept by \`nx sync\` from service.yml: the datastores and the broker that this service uses.
import { command, secret, type Config } from '@org/chassis';
import { migratePostgres, postgres } from '@org/chassis/postgres';
import { redis } from '@org/chassis/redis';
import * as z from 'zod';

export const resourceVariables = {
  DATABASE_URL: secret(z.url()),
  CACHE_REDIS_URL: secret(z.url()),
  PUBSUB_REDIS_URL: secret(z.url()),
  RATE_LIMIT_REDIS_URL: secret(z.url()),
};

type ResourceConfig = Config<typeof resourceVariables>;

export function connectResources(config: ResourceConfig) {
  return {
    database: postgres(config.DATABASE_URL),
    cache: redis(config.CACHE_REDIS_URL),
    pubsub: redis(config.PUBSUB_REDIS_URL, { name: 'pubsub', kind: 'broker' }),
    rateLimit: redis(config.RATE_LIMIT_REDIS_URL, { name: 'rate-limit' }),
  };
}

export type Resources = ReturnType<typeof connectResources>;

/** What \`node main.js <command>\` does in place of serving. */
export const commands = {
  migrate: command(
    { DATABASE_URL: resourceVariables.DATABASE_URL },
    ({ DATABASE_URL: url }) =>
      migratePostgres({ url, directory: 'migrations' }),
  ),
};
`);
  });

  it('has no migration without files, and none for what is no SQL database', () => {
    const noFiles = deriveResourcesModule(serviceWith('database: mariadb'), false, undefined).text;
    expect(noFiles).toContain(`import { mysql } from '@org/chassis/mysql';`);
    expect(noFiles).toContain('commands = {};');
    const mongo = deriveResourcesModule(serviceWith('database: mongodb'), true, undefined).text;
    expect(mongo).toContain('commands = {};');
  });

  it('is left alone where only its format differs, and says what drifted', () => {
    const service = serviceWith('cache: redis');
    const { text } = deriveResourcesModule(service, false, undefined);
    const formatted = text.replaceAll("'", '"').replaceAll(';', '');
    expect(deriveResourcesModule(service, false, formatted)).toMatchObject({
      text: formatted,
      drift: [],
    });
    expect(deriveResourcesModule(serviceWith('database: postgres'), false, text).drift).toEqual([
      expect.stringContaining('CACHE_REDIS_URL'),
      'DATABASE_URL is missing',
    ]);
  });
});
