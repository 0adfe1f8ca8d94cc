/** What a service uses a datastore for; each purpose has one variable that carries its URL. */
export const DATASTORE_PURPOSES = ['database', 'cache', 'pubsub', 'rate-limit'] as const;
export type DatastorePurpose = (typeof DATASTORE_PURPOSES)[number];

export const DATABASE_ENGINES = ['postgres', 'mysql', 'mariadb', 'mongodb'] as const;
export type DatabaseEngine = (typeof DATABASE_ENGINES)[number];

export const CACHE_ENGINES = ['redis'] as const;
export type CacheEngine = (typeof CACHE_ENGINES)[number];

export const BROKERS = ['rabbitmq'] as const;
export type Broker = (typeof BROKERS)[number];

/** The variable in which a service finds its datastore: `database` -> `DATABASE_URL`, `cache` -> `CACHE_REDIS_URL`. */
export function datastoreVariable(purpose: DatastorePurpose): string {
  return purpose === 'database'
    ? 'DATABASE_URL'
    : `${purpose.toUpperCase().replace('-', '_')}_REDIS_URL`;
}

/** The variable in which a migration finds its database if the service's own account may not change tables. */
export const OWNER_VARIABLE = 'DATABASE_OWNER_URL';

/** The name of a service's datastore, which is its host name too: `orders`, `database` -> `orders-database`. */
export function datastoreName(service: string, purpose: DatastorePurpose): string {
  return `${service}-${purpose}`;
}

/** The one broker of a platform is called so, whatever its kind. */
export const BROKER_NAME = 'broker';

/** The variable in which a service finds the broker. */
export const BROKER_VARIABLE = 'BROKER_URL';

/** Where a service keeps the SQL files that its database is migrated with. */
export const MIGRATIONS_FOLDER = 'migrations';

/** What a database is migrated as with SQL files; `undefined` if there is none, or not an SQL one. */
export function migrationEngine({
  database,
}: {
  database?: DatabaseEngine | undefined;
}): 'postgres' | 'mysql' | undefined {
  if (database === undefined || database === 'mongodb') return undefined;
  return database === 'postgres' ? 'postgres' : 'mysql';
}
