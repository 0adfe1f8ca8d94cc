import type { Dispatcher } from 'undici';
import { ProviderTimeoutError } from './transport.js';

/** Longer than a healthy provider needs, and much shorter than the time limit of a container's health check. */
const PROBE_TIMEOUT_MS = 500;
/** However many ask, a provider is asked once in this time. */
const SHARED_MS = 2000;

export interface HealthTarget {
  service: string;
  /** Base URL. */
  url: string;
}

/** `ok`, or in words for anybody why not; by service. */
export type ProviderHealth = Readonly<Record<string, string>>;

/** Asks `/ready` of all providers at once; what was found a moment ago is answered while it asks again. */
export class ProviderHealthChecks {
  #known: ProviderHealth | undefined;
  #askedAt = -Infinity;
  #round: Promise<ProviderHealth> | undefined;

  constructor(
    private readonly providers: readonly HealthTarget[],
    private readonly dispatcher: Dispatcher,
  ) {}

  /** Never rejects, and only the first waits. */
  async read(): Promise<ProviderHealth> {
    if (!this.#round && performance.now() - this.#askedAt >= SHARED_MS) {
      this.#askedAt = performance.now();
      this.#round = this.#askAll().finally(() => (this.#round = undefined));
    }
    return this.#known ?? (await this.#round) ?? {};
  }

  async #askAll(): Promise<ProviderHealth> {
    const found = await Promise.all(
      this.providers.map(async (one) => [one.service, await this.#ask(one)] as const),
    );
    return (this.#known = Object.fromEntries(found));
  }

  async #ask({ url }: HealthTarget): Promise<string> {
    const limit = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    try {
      return await Promise.race([
        this.#status(url, limit.signal),
        new Promise<never>((_resolve, reject) => {
          timer = setTimeout(() => {
            reject(new ProviderTimeoutError('no answer'));
            limit.abort();
          }, PROBE_TIMEOUT_MS);
        }),
      ]);
    } catch (error) {
      return error instanceof ProviderTimeoutError
        ? `no answer within ${PROBE_TIMEOUT_MS} ms`
        : 'cannot be reached';
    } finally {
      clearTimeout(timer);
    }
  }

  async #status(url: string, signal: AbortSignal): Promise<string> {
    const { statusCode, body } = await this.dispatcher.request({
      origin: new URL(url).origin,
      path: `${new URL(url).pathname.replace(/\/$/, '')}/ready`,
      method: 'GET',
      signal,
    });
    await body.dump();
    // One that is no service of ours may have no such route; it answers.
    return statusCode < 500 ? 'ok' : `not ready (${statusCode})`;
  }
}
