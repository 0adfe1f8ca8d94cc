import { MongoClient, type Db, type MongoClientOptions } from 'mongodb';
import { checkConnectionUrl } from '../connections/connection-url.js';
import { abortable, limitToDeadline } from '../context/deadline.js';
import { formatReason } from '../errors/errors.js';
import type { Resource } from '../service/resource.js';

export interface MongodbOptions {
  /** Default `database`. */
  name?: string;
  /** Maximum number of connections to each server. Default 10. */
  max?: number;
  /** How long one operation may run on the server; a caller's deadline shortens it. Default 10 000. */
  operationTimeoutMs?: number;
  /** How long to wait for a server, or for a connection. Default 3000. */
  connectTimeoutMs?: number;
  /** Further options for `mongodb`: `tls`, `readPreference`. */
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

/** If a server does not answer at all, the operation ends this long after the server's own time limit. */
const GRACE_MS = 500;

/**
 * MongoDB. The driver connects at the first operation, and again after each break. Tested without a server only.
 *
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

/** // Other errors of the driver about the URL are reported without credentials. */
function createClient(name: string, url: string, options: MongoClientOptions): MongoClient {
  try {
    return new MongoClient(url, options);
  } catch (error) {
    // eslint-disable-next-line preserve-caught-error -- as a cause, it would be logged with the credentials
    throw new TypeError(`the URL of "${name}" is refused by the driver: ${formatReason(error)}`);
  }
}
