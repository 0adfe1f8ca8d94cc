/** What a service uses a datastore for. Each purpose has one variable for the URL. */
export const DATASTORE_PURPOSES = ['database', 'cache', 'pubsub', 'rate-limit'] as const;
export type DatastorePurpose = (typeof DATASTORE_PURPOSES)[number];

export const DATABASE_ENGINES = ['postgres', 'mysql', 'mariadb', 'mongodb'] as const;
export type DatabaseEngine = (typeof DATABASE_ENGINES)[number];

export const CACHE_ENGINES = ['redis'] as const;
export type CacheEngine = (typeof CACHE_ENGINES)[number];

/** Brokers that are a container of the platform. */
export const BROKER_SERVERS = ['rabbitmq', 'nats', 'redis', 'kafka'] as const;
export type BrokerServer = (typeof BROKER_SERVERS)[number];

/** `sqs` is Amazon SNS and SQS, which AWS runs: the platform has no container for it, and no password. */
export const BROKERS = [...BROKER_SERVERS, 'sqs'] as const;
export type Broker = (typeof BROKERS)[number];

/** Whether a broker is a container of the platform; otherwise the environment says where it is. */
export function isBrokerServer(broker: Broker | undefined): broker is BrokerServer {
  return BROKER_SERVERS.some((one) => one === broker);
}

/** The broker of a platform that has none yet. */
const DEFAULT_BROKER: Broker = 'rabbitmq';

/** The broker that the services of a platform share, or will share. */
export function brokerOf(services: readonly { broker?: Broker | undefined }[]): Broker {
  return services.find(({ broker }) => broker)?.broker ?? DEFAULT_BROKER;
}

/**
 * Whether each service has an account of its own at the broker. The others read their accounts from a file, so each
 * new service would restart them: all services use the broker's only account.
 */
export function hasServiceAccounts(broker: Broker | undefined): boolean {
  return broker === 'rabbitmq';
}

/** The variable with the URL of a datastore: `database` -> `DATABASE_URL`, `cache` -> `CACHE_REDIS_URL`. */
export function datastoreVariable(purpose: DatastorePurpose): string {
  return purpose === 'database'
    ? 'DATABASE_URL'
    : `${purpose.toUpperCase().replace('-', '_')}_REDIS_URL`;
}

/** The variable with the database URL for migrations, if the service's own account may not change tables. */
export const OWNER_VARIABLE = 'DATABASE_OWNER_URL';

/** The name of a service's datastore, which is also its host name: `orders`, `database` -> `orders-database`. */
export function datastoreName(service: string, purpose: DatastorePurpose): string {
  return `${service}-${purpose}`;
}

/** The name of a platform's only broker, whatever its kind. */
export const BROKER_NAME = 'broker';

/** The variable with the URL of the broker. */
export const BROKER_VARIABLE = 'BROKER_URL';

/** The folder with the SQL files that migrate a service's database. */
export const MIGRATIONS_FOLDER = 'migrations';

/** The kind of SQL database that a service's migrations are for; `undefined` if it has no SQL database. */
export function migrationEngine({
  database,
}: {
  database?: DatabaseEngine | undefined;
}): 'postgres' | 'mysql' | undefined {
  if (database === undefined || database === 'mongodb') return undefined;
  return database === 'postgres' ? 'postgres' : 'mysql';
}
