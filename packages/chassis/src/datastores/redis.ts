import { Redis } from 'ioredis';
import { checkConnectionUrl } from '../connections/connection-url.js';
import { abortable } from '../context/deadline.js';
import { formatReason } from '../errors/errors.js';
import type { Resource, ResourceKind } from '../service/resource.js';
import { defaultLog, type EventLog } from '../telemetry/default-log.js';

export interface RedisOptions {
  /** Default `cache`. */
  name?: string;
  /** Default `cache`. Use `broker` for a connection that subscribes; it is closed first. */
  kind?: ResourceKind;
  /** A command fails after this time. Default 1000, because a slower cache is useless. Not for blocking commands. */
  commandTimeoutMs?: number;
  /** Default 3000. */
  connectTimeoutMs?: number;
  /** The longest pause between two attempts to connect again. Default 2000. */
  maxReconnectDelayMs?: number;
  /** Logs when the connection breaks, and when it is back. */
  log?: EventLog;
}

export interface RedisResource extends Resource {
  readonly client: Redis;
}

/**
 * Redis or Valkey (`redis://`, or `rediss://` with TLS). It connects immediately, and again after each break. Without a
 * connection, commands fail immediately: nothing queues up, and nothing is sent twice.
 *
 * @throws {TypeError} if `url` is invalid.
 */
export function redis(url: string, options: RedisOptions = {}): RedisResource {
  const { name = 'cache', kind = 'cache', maxReconnectDelayMs = 2000 } = options;
  const { commandTimeoutMs = 1000, connectTimeoutMs = 3000, log = defaultLog() } = options;
  checkConnectionUrl(name, 'redis', url);

  const client = new Redis(url, {
    commandTimeout: commandTimeoutMs,
    connectTimeout: connectTimeoutMs,
    keepAlive: 10_000,
    enableOfflineQueue: false,
    // Commands that were sent before a break fail, because it is unknown whether the server ran them.
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => reconnectDelay(times, maxReconnectDelayMs),
    // The server became a replica. A new connection to the same name reaches the new primary.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });

  // Only the text of ioredis' errors is kept: the error of a refused AUTH contains the password.
  let outage: string | undefined;
  client.on('error', (error: unknown) => {
    const isNew = outage === undefined;
    outage = formatReason(error);
    if (isNew) log.warn({ resource: name }, `${name} is not connected: ${outage}`);
  });
  client.on('ready', () => {
    if (outage !== undefined) log.info({ resource: name }, `${name} is connected again`);
    outage = undefined;
  });

  let closed: Promise<void> | undefined;
  async function close(): Promise<void> {
    // The server answers the commands sent before, then QUIT.
    if (client.status === 'ready') await client.quit().catch(() => undefined);
    client.disconnect();
  }

  return {
    name,
    kind,
    client,
    check: async (signal) => {
      if (client.status !== 'ready') throw new Error(outage ?? `not connected: ${client.status}`);
      await abortable(client.ping(), signal);
    },
    close: () => (closed ??= close()),
  };
}

/** Doubles from 50 ms up to a limit, minus a random part of up to half of it. */
export function reconnectDelay(times: number, maxMs: number, random = Math.random()): number {
  const delay = Math.min(50 * 2 ** Math.min(times - 1, 16), maxMs);
  return Math.round(delay * (1 - random / 2));
}
