import {
  BROKER_NAME,
  BROKER_VARIABLE,
  DATASTORE_PURPOSES,
  datastoreName,
  datastoreVariable,
  type Broker,
  type CacheEngine,
  type DatabaseEngine,
  type DatastorePurpose,
} from '../platform/datastore';
import type { Platform, Service } from '../platform/platform';
import { passwordReference, passwordVariable } from './password';

export type BackingEngine = DatabaseEngine | CacheEngine | Broker;

/** A datastore or broker as a container: what runs, and how a service reaches it. */
export interface BackingService {
  /** Host name and name in the compose file: `orders-database`. */
  name: string;
  engine: BackingEngine;
  user: string;
  /** The variable in which its users find it, and the URL that stands there. */
  variable: string;
  url: string;
}

export interface Datastore extends BackingService {
  purpose: DatastorePurpose;
}

/** The port that each engine's official image listens on. */
export const ENGINE_PORTS: Record<BackingEngine, number> = {
  postgres: 5432,
  mysql: 3306,
  mariadb: 3306,
  mongodb: 27017,
  redis: 6379,
  rabbitmq: 5672,
};

/** The datastores that a service owns. */
export function datastoresOf(service: Service): Datastore[] {
  return DATASTORE_PURPOSES.flatMap((purpose) => {
    const engine = service.datastores[purpose];
    if (!engine) return [];
    const name = datastoreName(service.name, purpose);
    const user = userName(service.name);
    const url = networkUrl(engine, name, user);
    return [{ purpose, engine, name, user, variable: datastoreVariable(purpose), url }];
  });
}

/** The platform's broker, as each of its users sees it. */
export function brokerOf(engine: Broker): BackingService {
  const url = networkUrl(engine, BROKER_NAME, BROKER_USER);
  return { engine, name: BROKER_NAME, user: BROKER_USER, variable: BROKER_VARIABLE, url };
}

/** The broker that the platform's services share; `undefined` where none uses one. */
export function platformBroker({ services }: Platform): BackingService | undefined {
  const engine = services.find(({ broker }) => broker)?.broker;
  return engine && brokerOf(engine);
}

/** Everything that a service keeps data in or sends messages through. */
export function backingsOf(service: Service): BackingService[] {
  return [...datastoresOf(service), ...(service.broker ? [brokerOf(service.broker)] : [])];
}

const BROKER_USER = 'platform';

/** User and database of a service's datastore; 32 characters are what MySQL takes. */
export function userName(service: string): string {
  return service.replaceAll('-', '_').slice(0, 32).replace(/_+$/, '');
}

/**
 * The variables by which a service that runs on this machine reaches what it owns. Passwords stand
 * there as `${ORDERS_DATABASE_PASSWORD}`: Nx fills them in from the root's `.env`.
 *
 * @param ports of 127.0.0.1, by name; what has none is left out.
 */
export function localUrls(
  service: Service,
  ports: ReadonlyMap<string, number>,
): Record<string, string> {
  return Object.fromEntries(
    backingsOf(service).flatMap(({ name, engine, user, variable }) => {
      const port = ports.get(name);
      const password = `\${${passwordVariable(name)}}`;
      return port === undefined
        ? []
        : [[variable, formatUrl(engine, `127.0.0.1:${port}`, user, password)]];
    }),
  );
}

function networkUrl(engine: BackingEngine, name: string, user: string): string {
  return formatUrl(engine, `${name}:${ENGINE_PORTS[engine]}`, user, passwordReference(name));
}

function formatUrl(engine: BackingEngine, host: string, user: string, password: string): string {
  switch (engine) {
    case 'postgres':
      return `postgres://${user}:${password}@${host}/${user}`;
    case 'mysql':
    case 'mariadb':
      return `mysql://${user}:${password}@${host}/${user}`;
    case 'mongodb':
      return `mongodb://${user}:${password}@${host}/${user}?authSource=admin`;
    case 'redis':
      return `redis://:${password}@${host}`;
    case 'rabbitmq':
      return `amqp://${user}:${password}@${host}`;
  }
}
