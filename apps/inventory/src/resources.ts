// Kept by `nx sync` from service.yml: the datastores and the broker that this service uses.
import { command, connectionUrl, secret, type Config } from '@org/chassis';
import { migratePostgres, postgres } from '@org/chassis/postgres';

export const resourceVariables = {
  DATABASE_URL: secret(connectionUrl('postgres')),
};

type ResourceConfig = Config<typeof resourceVariables>;

export function connectResources(config: ResourceConfig) {
  return {
    database: postgres(config.DATABASE_URL),
  };
}

export type Resources = ReturnType<typeof connectResources>;

/** The commands of `node main.js <command>`, which run instead of the server. */
export const commands = {
  migrate: command(
    {
      DATABASE_URL: resourceVariables.DATABASE_URL,
      DATABASE_OWNER_URL: secret(connectionUrl('postgres')).optional(),
    },
    ({ DATABASE_URL, DATABASE_OWNER_URL: url = DATABASE_URL }) =>
      migratePostgres({ url, directory: 'migrations' }),
  ),
};

/** Commands that `nx serve` runs before the server: in development, nothing else runs them. */
export const inDevelopment: readonly string[] = ['migrate'];
