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

/** What `node main.js <command>` does in place of serving. */
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

/** Those that run before serving on a developer's machine, where nothing else runs them. */
export const inDevelopment: readonly string[] = ['migrate'];
