import { AsyncResource } from 'node:async_hooks';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { formatReason } from '../errors/errors.js';
import type { Log } from '../telemetry/log.js';
import type { SqsAddress } from './address.js';
import { isAnswer } from './errors.js';

export interface AwsConnectionOptions {
  /** The name of the resource. */
  name: string;
  /** How long to wait for a connection, and for each answer. */
  timeoutMs: number;
  /** Logs when AWS does not answer, and when it answers again. */
  log: () => Log;
}

/** More than all polls and calls of a service at a time. */
const MAX_SOCKETS = 200;

/** The clients of SNS and SQS. Each call finds its own connection, so what is observed is whether AWS answers. */
export class AwsConnection {
  // What is consumed belongs to no request, even if a request was the first to need it.
  readonly #outside = new AsyncResource('chassis.sqs');
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
  #outage: string | undefined;
  #answeredAt = -Infinity;
  #isClosed = false;

  constructor(
    { region, endpoint }: SqsAddress,
    private readonly options: AwsConnectionOptions,
  ) {
    const sockets = { maxSockets: MAX_SOCKETS, keepAlive: true };
    const config = {
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
      requestHandler: {
        connectionTimeout: options.timeoutMs,
        httpAgent: sockets,
        httpsAgent: sockets,
      },
    };
    this.sns = new SNSClient(config);
    // The URL of a queue is its name. It leads to AWS also if the endpoint is another one.
    this.sqs = new SQSClient({ ...config, useQueueUrlAsEndpoint: false });
    // Before the client tries again, so that an outage is known while it does.
    const observe =
      <A, R>(next: (args: A) => Promise<R>) =>
      (args: A): Promise<R> =>
        this.#observed(next(args));
    const place = { relation: 'after', toMiddleware: 'retryMiddleware', name: 'outage' } as const;
    this.sns.middlewareStack.addRelativeTo(observe, place);
    this.sqs.middlewareStack.addRelativeTo(observe, place);
  }

  /** Why AWS does not answer, if that is known. */
  get outage(): string | undefined {
    return this.#outage;
  }

  answeredWithin(ms: number): boolean {
    return this.#outage === undefined && performance.now() - this.#answeredAt < ms;
  }

  /**
   * Makes one call. It ends with `signal`, or if AWS does not answer in time.
   *
   * @param waitMs how long AWS may wait before it answers.
   */
  async call<T>(
    make: (options: { abortSignal: AbortSignal }) => Promise<T>,
    { signal, waitMs = 0 }: { signal?: AbortSignal; waitMs?: number } = {},
  ): Promise<T> {
    const limitMs = this.options.timeoutMs + waitMs;
    // One for each call: signals that are derived from a long-lived one may stay in memory as long as it does.
    const ending = new AbortController();
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      ending.abort();
    }, limitMs);
    const end = (): void => ending.abort();
    if (signal?.aborted) end();
    signal?.addEventListener('abort', end, { once: true });
    try {
      return await make({ abortSignal: ending.signal });
    } catch (error) {
      if (isAnswer(error) || signal?.aborted) throw error;
      const reason = isLate
        ? new Error(`AWS did not answer within ${limitMs} ms: it timed out`)
        : error;
      // Without credentials, nothing is sent.
      this.#lose(formatReason(reason));
      throw reason;
    } finally {
      clearTimeout(late);
      signal?.removeEventListener('abort', end);
    }
  }

  /** Runs `work` outside of any request's context. */
  outside<T>(work: () => T): T {
    return this.#outside.runInAsyncScope(work);
  }

  close(): void {
    this.#isClosed = true;
    this.sns.destroy();
    this.sqs.destroy();
  }

  async #observed<T>(attempt: Promise<T>): Promise<T> {
    try {
      const answer = await attempt;
      this.#gain();
      return answer;
    } catch (error) {
      if (isAnswer(error)) this.#gain();
      else if ((error as Error).name !== 'AbortError') this.#lose(formatReason(error));
      throw error;
    }
  }

  #gain(): void {
    this.#answeredAt = performance.now();
    if (this.#outage === undefined) return;
    this.#outage = undefined;
    const { name, log } = this.options;
    log().info({ resource: name }, `${name} is connected again`);
  }

  #lose(reason: string): void {
    if (this.#isClosed) return;
    const isNew = this.#outage === undefined;
    this.#outage = reason;
    if (!isNew) return;
    const { name, log } = this.options;
    log().warn({ resource: name }, `${name} is not connected: ${reason}`);
  }
}
