import {
  BROKER_NAME,
  BROKER_VARIABLE,
  DATASTORE_PURPOSES,
  OWNER_VARIABLE,
  datastoreName,
  datastoreVariable,
  hasServiceAccounts,
  isBrokerServer,
  type BrokerServer,
  type CacheEngine,
  type DatabaseEngine,
  type DatastorePurpose,
} from '../platform/datastore';
import {
  adminUser,
  brokerAccount,
  databaseAccounts,
  passwordVariable,
  type Account,
  type DatabaseAccounts,
} from '../platform/account';
import type { Platform, Service } from '../platform/platform';
import { KAFKA_OUTSIDE_PORT } from './kafka-entry';
import { secretReference } from './secret-reference';

export type BackingEngine = DatabaseEngine | CacheEngine | BrokerServer;

/** A datastore or broker as a container: what runs in it, and how a service reaches it. */
export interface BackingService {
  /** Host name and name in the compose file: `orders-database`. */
  name: string;
  engine: BackingEngine;
  /** The admin user that its image creates at the first start. It may do everything there. */
  user: string;
  /** The account that the service uses. */
  account: Account;
  /** The variable that holds its URL for a service, and that URL. */
  variable: string;
  url: string;
}

export interface Datastore extends BackingService {
  purpose: DatastorePurpose;
  /** Accounts beside the admin's, if the engine has them. */
  accounts?: DatabaseAccounts;
}

/** The port that each engine's official image listens on. */
export const ENGINE_PORTS: Record<BackingEngine, number> = {
  postgres: 5432,
  mysql: 3306,
  mariadb: 3306,
  mongodb: 27017,
  redis: 6379,
  rabbitmq: 5672,
  nats: 4222,
  kafka: 9092,
};

/** The port of the container that this machine is led to. */
export function outsidePort(engine: BackingEngine): number {
  return engine === 'kafka' ? KAFKA_OUTSIDE_PORT : ENGINE_PORTS[engine];
}

/** The entries of all services, their datastores and the broker. */
export function ownEntries(platform: Platform): string[] {
  const broker = platformBroker(platform);
  return [
    ...platform.services.flatMap((service) => [
      service.name,
      ...datastoresOf(service).map(({ name }) => name),
    ]),
    ...(broker ? [broker.name] : []),
  ];
}

/** The datastores that a service owns. */
export function datastoresOf(service: Service): Datastore[] {
  return DATASTORE_PURPOSES.flatMap((purpose) => {
    const engine = service.datastores[purpose];
    if (!engine) return [];
    const name = datastoreName(service.name, purpose);
    const user = adminUser(service.name);
    const accounts = purpose === 'database' ? databaseAccounts(service.name, name) : undefined;
    const account = accounts?.service ?? adminAccount(user, name);
    return [
      {
        ...{ purpose, engine, name, user, account, variable: datastoreVariable(purpose) },
        ...(accounts ? { accounts } : {}),
        url: networkUrl(engine, name, user, account),
      },
    ];
  });
}

/** The admin's account. */
function adminAccount(user: string, name: string): Account {
  return { user, passwordVariable: passwordVariable(name) };
}

/** The URL for migrations inside the network: the owner's, if there is one. */
export function ownerUrl({ engine, name, user, account, accounts }: Datastore): string {
  return networkUrl(engine, name, user, accounts?.owner ?? account);
}

/** The platform's broker, as one of its services sees it. */
export function brokerFor(service: Service, engine: BrokerServer): BackingService {
  const account = hasServiceAccounts(engine)
    ? brokerAccount(service.name, BROKER_NAME)
    : adminAccount(BROKER_USER, BROKER_NAME);
  return brokerAs(engine, account);
}

function brokerAs(engine: BrokerServer, account: Account): BackingService {
  return {
    ...{ engine, name: BROKER_NAME, user: BROKER_USER, account, variable: BROKER_VARIABLE },
    url: networkUrl(engine, BROKER_NAME, BROKER_USER, account),
  };
}

/**
 * The broker that the platform's services share, as its admin sees it; `undefined` if none uses one, or if it is no
 * container.
 */
export function platformBroker({ services }: Platform): BackingService | undefined {
  const engine = services.find(({ broker }) => broker)?.broker;
  if (!isBrokerServer(engine)) return undefined;
  return brokerAs(engine, adminAccount(BROKER_USER, BROKER_NAME));
}

/** All datastores and brokers that a service uses and that are containers. */
export function backingsOf(service: Service): BackingService[] {
  return [
    ...datastoresOf(service),
    ...(isBrokerServer(service.broker) ? [brokerFor(service, service.broker)] : []),
  ];
}

const BROKER_USER = 'platform';

/**
 * The variables with the URLs of a service's datastores and broker, for a service that runs on this machine. Passwords
 * are references such as `${ORDERS_DATABASE_PASSWORD}`, which Nx fills in from the root's `.env`.
 *
 * @param ports on 127.0.0.1, by name. Datastores without a port are left out.
 */
export function localUrls(
  service: Service,
  ports: ReadonlyMap<string, number>,
): Record<string, string> {
  const urls = backingsOf(service).flatMap((backing) => {
    const { name, engine, user, variable, account, accounts } = backing as BackingService &
      Partial<Datastore>;
    const port = ports.get(name);
    if (port === undefined) return [];
    const urlOf = (by: Account) =>
      formatUrl(engine, `127.0.0.1:${port}`, user, by.user, `\${${by.passwordVariable}}`);
    return [
      [variable, urlOf(account)],
      ...(accounts ? [[OWNER_VARIABLE, urlOf(accounts.owner)]] : []),
    ];
  });
  return Object.fromEntries(urls) as Record<string, string>;
}

function networkUrl(engine: BackingEngine, name: string, database: string, by: Account): string {
  const host = `${name}:${ENGINE_PORTS[engine]}`;
  return formatUrl(engine, host, database, by.user, secretReference(by.passwordVariable));
}

function formatUrl(
  engine: BackingEngine,
  host: string,
  database: string,
  user: string,
  password: string,
): string {
  switch (engine) {
    case 'postgres':
      return `postgres://${user}:${password}@${host}/${database}`;
    case 'mysql':
    case 'mariadb':
      return `mysql://${user}:${password}@${host}/${database}`;
    case 'mongodb':
      return `mongodb://${user}:${password}@${host}/${database}?authSource=admin`;
    case 'redis':
      return `redis://:${password}@${host}`;
    case 'rabbitmq':
      return `amqp://${user}:${password}@${host}`;
    case 'nats':
      return `nats://${user}:${password}@${host}`;
    case 'kafka':
      return `kafka://${user}:${password}@${host}`;
  }
}
