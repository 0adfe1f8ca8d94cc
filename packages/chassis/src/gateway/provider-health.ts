import type { Dispatcher } from 'undici';
import { parseBaseUrl } from './provider-route.js';
import { ProviderTimeoutError } from './transport.js';

/** More than a healthy provider needs, and much less than the time limit of a container's health check. */
const PROBE_TIMEOUT_MS = 500;
/** A provider is asked at most once in this time. */
const SHARED_MS = 2000;

export interface HealthTarget {
  service: string;
  /** Base URL. */
  url: string;
}

/** By service: `ok`, or the reason in words that everyone may read. */
export type ProviderHealth = Readonly<Record<string, string>>;

/** Asks `/ready` of all providers in parallel. While it asks again, it answers with the last result. */
export class ProviderHealthChecks {
  #known: ProviderHealth | undefined;
  #askedAt = -Infinity;
  #round: Promise<ProviderHealth> | undefined;

  constructor(
    private readonly providers: readonly HealthTarget[],
    private readonly dispatcher: Dispatcher,
  ) {}

  /** Never rejects. Only the first call waits. */
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
    const { origin, path } = parseBaseUrl(url);
    const { statusCode, body } = await this.dispatcher.request({
      origin,
      path: `${path}/ready`,
      method: 'GET',
      signal,
    });
    await body.dump();
    // A server that is not built on the chassis may not have this route. Any answer shows that it runs.
    return statusCode < 500 ? 'ok' : `not ready (${statusCode})`;
  }
}
