import { AsyncResource } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin, type BaseOptions, type Consumer, type Producer } from '@platformatic/kafka';
import { within } from '../context/deadline.js';
import type { Log } from '../telemetry/log.js';
import { answersIn, isAnswer, NOT_YET, reasonOf } from './errors.js';

const PROBE_EVERY_MS = 10_000;
const CLOSE_LIMIT_MS = 1000;
const FIRST_RECONNECT_DELAY_MS = 100;
/** The pause before something is asked for again that the server has not got ready yet. */
const NOT_YET_PAUSE_MS = 100;

export type SaslMechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';

export interface KafkaConnectionOptions {
  /** The name of the resource. */
  name: string;
  /** Shown by the server's tools. */
  clientId: string;
  mechanism: SaslMechanism;
  /** How long to wait for a connection, and for each answer. */
  timeoutMs: number;
  maxReconnectDelayMs: number;
  log: () => Log;
}

/** A connection that works at this moment. */
export interface Session {
  readonly admin: Admin;
  /** How many there were before. What was declared may be missing after a new one. */
  readonly number: number;
}

interface Waiter {
  readonly resolve: (session: Session) => void;
  readonly reject: (error: Error) => void;
}

const closed = (): Error => new Error('it is closed');

/** A connection that is opened when it is first needed, and again after each break. */
export class KafkaConnection {
  // What the connection does belongs to no request, even if a request was the first to need it.
  readonly #outside = new AsyncResource('chassis.kafka');
  readonly #closing = new AbortController();
  #isRunning = false;
  #session: Session | undefined;
  #admin: Admin | undefined;
  #outage: string | undefined;
  #wasAway = false;
  #sessions = 0;
  #suspect: () => void = () => undefined;
  readonly #waiting = new Set<Waiter>();

  constructor(
    private readonly url: string,
    private readonly options: KafkaConnectionOptions,
  ) {}

  /** Why there is no connection, if that is known. */
  get outage(): string | undefined {
    return this.#outage;
  }

  /** What each client is made with. It does not repeat what failed by itself. */
  get clientOptions(): BaseOptions {
    const { clientId, timeoutMs, mechanism } = this.options;
    const { protocol, hostname, port, username, password } = new URL(this.url);
    const user = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
    return {
      clientId,
      bootstrapBrokers: [{ host: hostname, port: port === '' ? 9092 : Number(port) }],
      connectTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      timeout: timeoutMs,
      retries: 0,
      autocreateTopics: false,
      ...(protocol === 'kafkas:' ? { tls: {}, tlsServerName: true } : {}),
      ...(username === '' ? {} : { sasl: { mechanism, ...user } }),
    };
  }

  /** Resolves when there is a connection. Rejects only if it is closed before. */
  session(): Promise<Session> {
    if (this.#closing.signal.aborted) return Promise.reject(closed());
    if (!this.#isRunning) void this.outside(() => this.#run());
    this.#isRunning = true;
    if (this.#session) return Promise.resolve(this.#session);
    return new Promise((resolve, reject) => this.#waiting.add({ resolve, reject }));
  }

  /**
   * Asks the server for a sign of life.
   *
   * @throws {Error} if there is none.
   */
  async check(): Promise<void> {
    if (this.#outage !== undefined) throw new Error(this.#outage);
    const { admin } = await this.session();
    try {
      await this.#probe(admin);
    } catch (error) {
      this.suspect();
      throw new Error(reasonOf(error), { cause: error });
    }
  }

  /** Something failed on the way to the server: finds out soon whether it is there. */
  suspect(): void {
    this.#suspect();
  }

  /** Runs `work` outside of any request's context. */
  outside<T>(work: () => T): T {
    return this.#outside.runInAsyncScope(work);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const { reject } of this.#waiting) reject(closed());
    this.#waiting.clear();
    await closeClient(this.#admin);
  }

  async #run(): Promise<void> {
    const { maxReconnectDelayMs } = this.options;
    let delayMs = Math.min(FIRST_RECONNECT_DELAY_MS, maxReconnectDelayMs);
    while (!this.#closing.signal.aborted) {
      const admin = survivesErrors(new Admin(this.clientOptions));
      this.#admin = admin;
      try {
        await this.#probe(admin);
        this.#gain(admin);
        delayMs = Math.min(FIRST_RECONNECT_DELAY_MS, maxReconnectDelayMs);
        await this.#watch(admin);
      } catch (error) {
        this.#lose(reasonOf(error));
      }
      void closeClient(admin);
      await sleep(delayMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, maxReconnectDelayMs);
    }
  }

  /** Rejects when the server is gone. */
  async #watch(admin: Admin): Promise<never> {
    for (;;) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, PROBE_EVERY_MS).unref();
        this.#suspect = () => {
          clearTimeout(timer);
          resolve();
        };
        // Also if the server closes a connection that was idle for long.
        admin.once('client:broker:disconnect', this.#suspect);
      });
      await this.#probe(admin);
    }
  }

  /** Limited, because the client may wait forever for a connection that broke meanwhile. */
  #probe(admin: Admin): Promise<unknown> {
    const { timeoutMs } = this.options;
    const late = (): Error => new Error(`no answer within ${timeoutMs} ms: timed out`);
    return within(timeoutMs, () => admin.metadata({ topics: [], forceUpdate: true }), late);
  }

  #gain(admin: Admin): void {
    const { name, log } = this.options;
    if (this.#wasAway) log().info({ resource: name }, `${name} is connected again`);
    this.#wasAway = false;
    this.#outage = undefined;
    this.#session = { admin, number: this.#sessions++ };
    for (const { resolve } of this.#waiting) resolve(this.#session);
    this.#waiting.clear();
  }

  #lose(reason: string): void {
    this.#session = undefined;
    if (this.#closing.signal.aborted) return;
    this.#outage = reason;
    if (this.#wasAway) return;
    this.#wasAway = true;
    const { name, log } = this.options;
    log().warn({ resource: name }, `${name} is not connected: ${reason}`);
  }
}

/**
 * The client listens for the first error of a connection only. A second one, as when the server ends during a login, would
 * end the process.
 */
export function survivesErrors<T extends Admin | Consumer | Producer>(client: T): T {
  client.connections.on('connecting', ({ connection }) => {
    connection.on('error', () => undefined);
  });
  return client;
}

/** Ends its connections, after what was sent on them. */
export async function closeClient(client: { close(): unknown } | undefined): Promise<void> {
  const limit = sleep(CLOSE_LIMIT_MS, undefined, { ref: false });
  const closing = async (): Promise<void> => void (await client?.close());
  await Promise.race([closing().catch(() => undefined), limit]);
}

/** Repeats `work` while the server has not got ready what it needs: right after a start, or a new topic. */
export async function patiently<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
  const until = performance.now() + limitMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isAnswered = answersIn(error).size > 0;
      if (!isAnswered || !isAnswer(error, ...NOT_YET) || performance.now() > until) throw error;
      await sleep(NOT_YET_PAUSE_MS);
    }
  }
}
