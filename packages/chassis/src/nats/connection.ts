import { AsyncResource } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  jetstream,
  jetstreamManager,
  type JetStreamClient,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { connect, type NatsConnection as Client } from '@nats-io/transport-node';
import { formatReason } from '../errors/errors.js';
import type { Log } from '../telemetry/log.js';

const PING_MS = 10_000;
const CLOSE_LIMIT_MS = 1000;
const FIRST_RECONNECT_DELAY_MS = 100;

export interface NatsConnectionOptions {
  /** The name of the resource. */
  name: string;
  /** Shown by the server's tools. */
  connectionName: string;
  /** How long to wait for a connection, and for each answer. */
  timeoutMs: number;
  maxReconnectDelayMs: number;
  log: () => Log;
}

/** A connection that works at this moment. */
export interface Session {
  readonly client: Client;
  readonly stream: JetStreamClient;
  readonly manager: JetStreamManager;
}

interface Waiter {
  readonly resolve: (session: Session) => void;
  readonly reject: (error: Error) => void;
}

const closed = (): Error => new Error('it is closed');

/** A connection that is opened when it is first needed, and again after each break. */
export class NatsConnection {
  // What the connection does belongs to no request, even if a request was the first to need it.
  readonly #outside = new AsyncResource('chassis.nats');
  readonly #closing = new AbortController();
  #isRunning = false;
  #session: Session | undefined;
  #client: Client | undefined;
  #outage: string | undefined;
  #wasAway = false;
  #sessions = 0;
  readonly #waiting = new Set<Waiter>();

  constructor(
    private readonly url: string,
    private readonly options: NatsConnectionOptions,
  ) {}

  /** Why there is no connection, if that is known. */
  get outage(): string | undefined {
    return this.#outage;
  }

  /** How often a connection was made. What was declared before may be missing after the next one. */
  get sessions(): number {
    return this.#sessions;
  }

  /** Resolves when there is a connection. Rejects only if it is closed before. */
  session(): Promise<Session> {
    if (this.#closing.signal.aborted) return Promise.reject(closed());
    if (!this.#isRunning) void this.outside(() => this.#run());
    this.#isRunning = true;
    if (this.#session) return Promise.resolve(this.#session);
    return new Promise((resolve, reject) => this.#waiting.add({ resolve, reject }));
  }

  /** Runs `work` outside of any request's context. */
  outside<T>(work: () => T): T {
    return this.#outside.runInAsyncScope(work);
  }

  /** Sends what was not sent yet, such as acknowledgements, and closes. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const { reject } of this.#waiting) reject(closed());
    this.#waiting.clear();
    if (this.#session) {
      const limit = sleep(CLOSE_LIMIT_MS, undefined, { ref: false });
      await Promise.race([this.#session.client.drain().catch(() => undefined), limit]);
    }
    // An attempt to connect cannot be cancelled: it closes its connection if it still gets one.
    await this.#client?.close();
  }

  async #run(): Promise<void> {
    let delayMs = Math.min(FIRST_RECONNECT_DELAY_MS, this.options.maxReconnectDelayMs);
    while (!this.#closing.signal.aborted) {
      try {
        const client = await this.#connect();
        if (this.#closing.signal.aborted) return await client.close();
        await this.#use(client);
      } catch (error) {
        // The client's own error leaves out which address refused.
        const { cause = error } = error as Error;
        this.#lose(formatReason(cause));
      }
      await sleep(delayMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, this.options.maxReconnectDelayMs);
    }
  }

  #connect(): Promise<Client> {
    const { connectionName, timeoutMs, maxReconnectDelayMs } = this.options;
    const { protocol, host, username, password } = new URL(this.url);
    return connect({
      servers: host,
      ...(username === '' ? {} : { user: decodeURIComponent(username) }),
      ...(password === '' ? {} : { pass: decodeURIComponent(password) }),
      ...(protocol === 'tls:' ? { tls: {} } : {}),
      name: connectionName,
      timeout: timeoutMs,
      pingInterval: PING_MS,
      maxPingOut: 2,
      maxReconnectAttempts: -1,
      reconnectTimeWait: Math.min(FIRST_RECONNECT_DELAY_MS, maxReconnectDelayMs),
      reconnectJitter: maxReconnectDelayMs,
      // Permissions and passwords change at a deploy.
      ignoreAuthErrorAbort: true,
      // The client would record two stack traces for each event that is published.
      noAsyncTraces: true,
    });
  }

  /** Resolves when the client gave up. */
  async #use(client: Client): Promise<void> {
    const timeout = this.options.timeoutMs;
    this.#client = client;
    const events = client.status();
    const manager = await jetstreamManager(client, { checkAPI: false, timeout });
    const session = { client, manager, stream: jetstream(client, { timeout }) };
    this.#gain(session);
    for await (const event of events) {
      if (event.type === 'disconnect') this.#lose(`the connection to ${event.server} was lost`);
      else if (event.type === 'reconnect') this.#gain(session);
    }
    const error = await client.closed();
    this.#lose(error ? formatReason(error) : 'the connection was closed');
  }

  #gain(session: Session): void {
    const { name, log } = this.options;
    if (this.#wasAway) log().info({ resource: name }, `${name} is connected again`);
    this.#wasAway = false;
    this.#outage = undefined;
    this.#sessions++;
    this.#session = session;
    for (const { resolve } of this.#waiting) resolve(session);
    this.#waiting.clear();
  }

  #lose(reason: string): void {
    this.#session = undefined;
    this.#outage = reason;
    if (this.#wasAway || this.#closing.signal.aborted) return;
    this.#wasAway = true;
    const { name, log } = this.options;
    log().warn({ resource: name }, `${name} is not connected: ${reason}`);
  }
}
