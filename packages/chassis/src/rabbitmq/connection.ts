import { AsyncResource } from 'node:async_hooks';
import { Connection } from 'rabbitmq-client';
import { formatReason } from '../errors/errors.js';
import type { Log } from '../telemetry/log.js';

const HEARTBEAT_SECONDS = 10;
const CLOSE_LIMIT_MS = 1000;

export interface BrokerConnectionOptions {
  /** The name of the resource. */
  name: string;
  /** Shown by the broker's tools. */
  connectionName: string;
  /** How long to wait for a connection, and for a channel of one. */
  timeoutMs: number;
  maxReconnectDelayMs: number;
  log: () => Log;
}

/** A connection that is opened when it is first needed, and again after each break. */
export class BrokerConnection {
  // Events of the socket belong to no request, even if a request was the first to need the connection.
  readonly #outside = new AsyncResource('chassis.rabbitmq');
  #connection: Connection | undefined;
  #outage: string | undefined;
  #isClosed = false;

  constructor(
    private readonly url: string,
    private readonly options: BrokerConnectionOptions,
  ) {}

  /** Why there is no connection, if that is known. */
  get outage(): string | undefined {
    return this.#outage;
  }

  get isReady(): boolean {
    return this.#connection?.ready ?? false;
  }

  /** @throws if it is closed. */
  open(): Connection {
    if (this.#isClosed) throw new Error('it is closed');
    return (this.#connection ??= this.outside(() => this.#connect()));
  }

  /** Runs `work` outside of any request's context. */
  outside<T>(work: () => T): T {
    return this.#outside.runInAsyncScope(work);
  }

  /** Closes the connection. Its channels must be closed before. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const connection = this.#connection;
    // Without a connection, the client would wait for an answer forever.
    if (!connection?.ready) return this.destroy();
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_LIMIT_MS);
    });
    await Promise.race([connection.close().catch(() => undefined), limit]);
    clearTimeout(timer);
    connection.unsafeDestroy();
  }

  /** Closes immediately. Unconfirmed publications are rejected here; the broker keeps unacknowledged events. */
  destroy(): void {
    this.#isClosed = true;
    this.#connection?.unsafeDestroy();
  }

  #connect(): Connection {
    const { name, connectionName, timeoutMs, maxReconnectDelayMs, log } = this.options;
    const connection = new Connection({
      url: this.url,
      connectionName,
      acquireTimeout: timeoutMs,
      connectionTimeout: timeoutMs,
      heartbeat: HEARTBEAT_SECONDS,
      retryLow: Math.min(100, maxReconnectDelayMs),
      retryHigh: maxReconnectDelayMs,
    });
    connection.on('error', (error: unknown) => {
      const isNew = this.#outage === undefined;
      this.#outage = formatReason(error);
      if (isNew) log().warn({ resource: name }, `${name} is not connected: ${this.#outage}`);
    });
    connection.on('connection', () => {
      if (this.#outage !== undefined) log().info({ resource: name }, `${name} is connected again`);
      this.#outage = undefined;
    });
    connection.on('connection.blocked', (reason) => {
      log().warn(
        { resource: name },
        `${name} accepts no events at the moment: ${formatReason(reason)}`,
      );
    });
    connection.on('connection.unblocked', () => {
      log().info({ resource: name }, `${name} takes events again`);
    });
    return connection;
  }
}
