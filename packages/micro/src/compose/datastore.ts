import {
  BROKER_NAME,
  DATASTORE_PURPOSES,
  datastoreName,
  datastoreVariable,
  type Broker,
  type CacheEngine,
  type DatabaseEngine,
  type DatastorePurpose,
} from '../platform/datastore';
import type { Service } from '../platform/platform';
import { passwordReference } from './password';

export type BackingEngine = DatabaseEngine | CacheEngine | Broker;

/** A datastore or broker as a container: what runs, and how a service reaches it. */
export interface BackingService {
  /** Host name and name in the compose file: `orders-database`. */
  name: string;
  engine: BackingEngine;
  /** The variable in which its users find it, and the URL that stands there. */
  variable: string;
  url: string;
}

export interface Datastore extends BackingService {
  purpose: DatastorePurpose;
}

/** The datastores that a service owns. */
export function datastoresOf(service: Service): Datastore[] {
  return DATASTORE_PURPOSES.flatMap((purpose) => {
    const engine = service.datastores[purpose];
    if (!engine) return [];
    const name = datastoreName(service.name, purpose);
    const variable = datastoreVariable(purpose);
    return [{ purpose, engine, name, variable, url: urlOf(engine, name, userName(service.name)) }];
  });
}

/** The platform's broker, as each of its users sees it. */
export function brokerOf(engine: Broker): BackingService {
  const url = urlOf(engine, BROKER_NAME, BROKER_USER);
  return { engine, name: BROKER_NAME, variable: 'BROKER_URL', url };
}

export const BROKER_USER = 'platform';

/** User and database of a service's datastore; 32 characters are what MySQL takes. */
export function userName(service: string): string {
  return service.replaceAll('-', '_').slice(0, 32).replace(/_+$/, '');
}

function urlOf(engine: BackingEngine, host: string, user: string): string {
  const password = passwordReference(host);
  switch (engine) {
    case 'postgres':
      return `postgres://${user}:${password}@${host}:5432/${user}`;
    case 'mysql':
    case 'mariadb':
      return `mysql://${user}:${password}@${host}:3306/${user}`;
    case 'mongodb':
      return `mongodb://${user}:${password}@${host}:27017/${user}?authSource=admin`;
    case 'redis':
      return `redis://:${password}@${host}:6379`;
    case 'rabbitmq':
      return `amqp://${user}:${password}@${host}:5672`;
  }
}
