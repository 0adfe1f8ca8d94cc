import { AsyncResource } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { reconnectDelay } from '../datastores/redis.js';
import { formatReason } from '../errors/errors.js';
import type { Log } from '../telemetry/log.js';
import type { Script } from './scripts.js';

const CLOSE_LIMIT_MS = 1000;

export interface RedisConnectionOptions {
  /** The name of the resource. */
  name: string;
  /** Shown by the server's tools. */
  connectionName: string;
  /** How long to wait for a connection, and for each answer. */
  timeoutMs: number;
  /** How much longer the server may wait before it answers. Default 0. */
  blockMs?: number;
  maxReconnectDelayMs: number;
  /** Logs when the connection breaks, and when it is back. Default: nothing. */
  log?: () => Log;
  /** Called after each connect. */
  onReady?: (client: Redis) => void;
}

interface Waiter {
  readonly resolve: (client: Redis) => void;
  readonly reject: (error: Error) => void;
}

/** The server answered with an error. Unlike those of the client, it does not contain what was sent. */
export class RedisReplyError extends Error {
  override readonly name = 'RedisReplyError';
  /** The first word of the answer: `NOGROUP`, `OOM`. */
  readonly code: string;

  constructor(message: string) {
    super(message);
    this.code = message.split(' ', 1)[0]!;
  }
}

const closed = (): Error => new Error('it is closed');

/** A connection that is opened when it is first needed, and again after each break. */
export class RedisConnection {
  // What the connection does belongs to no request, even if a request was the first to need it.
  readonly #outside = new AsyncResource('chassis.redis-streams');
  readonly #client: Redis;
  readonly #waiting = new Set<Waiter>();
  #isRunning = false;
  #isClosed = false;
  #outage: string | undefined;
  #wasAway = false;

  constructor(
    url: string,
    private readonly options: RedisConnectionOptions,
  ) {
    const { connectionName, timeoutMs, blockMs = 0, maxReconnectDelayMs } = options;
    this.#client = new Redis(url, {
      connectionName,
      lazyConnect: true,
      connectTimeout: timeoutMs,
      // A server that does not answer may be gone without a word.
      socketTimeout: timeoutMs + blockMs,
      keepAlive: 10_000,
      enableOfflineQueue: false,
      // What is asked while an answer is on its way is one write, and one `fsync` of the server.
      enableAutoPipelining: blockMs === 0,
      // Commands that were sent before a break fail, because it is unknown whether the server ran them.
      maxRetriesPerRequest: 0,
      retryStrategy: (times) => reconnectDelay(times, maxReconnectDelayMs),
      // The server became a replica. A new connection to the same name reaches the new primary.
      reconnectOnError: (error) => error.message.startsWith('READONLY'),
    });
    this.#client.on('ready', () => this.#gain());
    this.#client.on('error', (error: unknown) => this.#lose(formatReason(error)));
    this.#client.on('close', () => this.#lose(this.#outage ?? 'the connection was lost'));
  }

  /** Why there is no connection, if that is known. */
  get outage(): string | undefined {
    return this.#outage;
  }

  /** Resolves when there is a connection. Rejects only if it is closed before. */
  ready(): Promise<Redis> {
    if (this.#isClosed) return Promise.reject(closed());
    if (!this.#isRunning) this.outside(() => void this.#client.connect().catch(() => undefined));
    this.#isRunning = true;
    if (this.#client.status === 'ready') return Promise.resolve(this.#client);
    return new Promise((resolve, reject) => this.#waiting.add({ resolve, reject }));
  }

  /**
   * Runs a command as soon as there is a connection.
   *
   * @throws {RedisReplyError}
   */
  async run<T>(command: (client: Redis) => Promise<T>): Promise<T> {
    const client = await this.ready();
    try {
      return await command(client);
    } catch (error) {
      // ioredis adds the command to its errors: passwords, and the data of events.
      const { name, message } = error as Error;
      throw name === 'ReplyError' ? new RedisReplyError(message) : new Error(formatReason(error));
    }
  }

  /** @throws {RedisReplyError} */
  runScript(
    { sha, text }: Script,
    keys: readonly string[],
    args: readonly (string | number | Buffer)[],
  ): Promise<unknown> {
    return this.run(async (client) => {
      try {
        return await client.evalsha(sha, keys.length, ...keys, ...args);
      } catch (error) {
        // The server was started since it got the script.
        if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
        return client.eval(text, keys.length, ...keys, ...args);
      }
    });
  }

  /** Runs `work` outside of any request's context. */
  outside<T>(work: () => T): T {
    return this.#outside.runInAsyncScope(work);
  }

  /** Closes it after the answers to what was sent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { reject } of this.#waiting) reject(closed());
    this.#waiting.clear();
    if (this.#client.status === 'ready') {
      const limit = sleep(CLOSE_LIMIT_MS, undefined, { ref: false });
      await Promise.race([this.#client.quit().catch(() => undefined), limit]);
    }
    this.#client.disconnect();
  }

  #gain(): void {
    const { name, log, onReady } = this.options;
    if (this.#wasAway) log?.().info({ resource: name }, `${name} is connected again`);
    this.#wasAway = false;
    this.#outage = undefined;
    onReady?.(this.#client);
    for (const { resolve } of this.#waiting) resolve(this.#client);
    this.#waiting.clear();
  }

  #lose(reason: string): void {
    if (this.#isClosed) return;
    this.#outage = reason;
    if (this.#wasAway) return;
    this.#wasAway = true;
    const { name, log } = this.options;
    log?.().warn({ resource: name }, `${name} is not connected: ${reason}`);
  }
}
