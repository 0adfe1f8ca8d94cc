import { MongoClient, type Db, type MongoClientOptions } from 'mongodb';
import { checkConnectionUrl } from '../connections/connection-url.js';
import { abortable, limitToDeadline } from '../context/deadline.js';
import { formatReason } from '../errors/errors.js';
import type { Resource } from '../service/resource.js';

export interface MongodbOptions {
  /** Default `database`. */
  name?: string;
  /** Connections at most, of each server. Default 10. */
  max?: number;
  /** How long one operation may run on the server; a caller's deadline shortens it. Default 10 000. */
  operationTimeoutMs?: number;
  /** How long to wait for a server, or for a connection. Default 3000. */
  connectTimeoutMs?: number;
  /** More for `mongodb`: `tls`, `readPreference`. */
  client?: Omit<MongoClientOptions, 'maxPoolSize'>;
}

export interface Mongodb extends Resource {
  readonly kind: 'database';
  readonly client: MongoClient;
  /** The database that the URL names. */
  readonly db: Db;
  /** For the options of an operation: `orders.find({}, database.timeLimit())`. */
  timeLimit(): { maxTimeMS: number };
}

/** If a server does not answer at all, the operation ends a little after the server's own time limit. */
const GRACE_MS = 500;

/**
 * MongoDB. The driver connects with the first operation and again after each break. Type-checked and
 * tested without a server only.
 * @throws {TypeError} if `url` is invalid.
 */
export function mongodb(url: string, options: MongodbOptions = {}): Mongodb {
  const { name = 'database', max = 10 } = options;
  const { operationTimeoutMs = 10_000, connectTimeoutMs = 3000 } = options;
  checkConnectionUrl(name, 'mongodb', url);
  const client = createClient(name, url, {
    maxIdleTimeMS: 30_000,
    ...options.client,
    maxPoolSize: max,
    serverSelectionTimeoutMS: connectTimeoutMs,
    connectTimeoutMS: connectTimeoutMs,
    waitQueueTimeoutMS: connectTimeoutMs,
    socketTimeoutMS: operationTimeoutMs + GRACE_MS,
  });
  const db = client.db();

  let closed: Promise<void> | undefined;
  return {
    name,
    kind: 'database',
    client,
    db,
    timeLimit: () => ({
      maxTimeMS: limitToDeadline(operationTimeoutMs, `an operation of ${name}`),
    }),
    check: async (signal) => {
      await abortable(db.command({ ping: 1 }), signal);
    },
    close: () => (closed ??= client.close()),
  };
}

/** What the driver refuses beside the URL's form is told without credentials. */
function createClient(name: string, url: string, options: MongoClientOptions): MongoClient {
  try {
    return new MongoClient(url, options);
  } catch (error) {
    // eslint-disable-next-line preserve-caught-error -- as a cause it would be in the log as it is
    throw new TypeError(`the URL of "${name}" is refused by the driver: ${formatReason(error)}`);
  }
}
