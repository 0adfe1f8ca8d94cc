import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { isInternalUrl } from '../connections/internal-url.js';
import { shortConnections } from '../connections/short-connections.js';
import { formatReason } from '../errors/errors.js';
import type { EventLog } from '../telemetry/default-log.js';

export interface PublishedKeysOptions {
  url: string;
  /** Time limit for one fetch. */
  timeoutMs: number;
  /** Keys older than this are fetched again, in the background. */
  maxAgeMs: number;
  /** How much longer the last keys are used while the issuer cannot be reached. */
  maxStaleMs: number;
  /** A token with an unknown key leads to a fetch, but at most one per this time. */
  cooldownMs: number;
  log: EventLog;
}

export interface PublishedKeys {
  /** Rejects with what is wrong with the token, or with why there are no keys. */
  keyOf: JWTVerifyGetKey;
  /**
   * A number that changes when the issuer's keys change; undefined if the keys are too old to be used. If it is time
   * for newer keys, they are fetched in the background, as if a token had been verified.
   */
  edition: () => number | undefined;
}

/** After a failed fetch, the next one waits this long, so that requests need not wait for an issuer that is down. */
const PAUSE_AFTER_FAILURE_MS = 1000;

/**
 * The keys that an issuer publishes (RFC 7517). After the first fetch they stay in use even if the issuer is down, up
 * to a limit. Newer keys are fetched by one request at a time.
 */
export function publishedKeys(options: PublishedKeysOptions): PublishedKeys {
  const { url, timeoutMs, maxAgeMs, maxStaleMs, cooldownMs, log } = options;
  const remote = createRemoteJWKSet(new URL(url), {
    timeoutDuration: timeoutMs,
    // jose would decide by itself when to fetch. Here, we decide.
    cacheMaxAge: Infinity,
    cooldownDuration: Infinity,
    [customFetch]: fetchSomeKeys,
  });
  let fetchedAt = -Infinity;
  let edition = 0;
  let published = '';
  let triedAt = -Infinity;
  let failure: Error | undefined;
  let running: Promise<void> | undefined;

  async function fetchKeys(): Promise<void> {
    triedAt = performance.now();
    try {
      await remote.reload();
      fetchedAt = performance.now();
      const keys = JSON.stringify(remote.jwks());
      if (keys !== published) edition++;
      published = keys;
      if (failure !== undefined) log.info('the keys of the issuer can be fetched again');
      failure = undefined;
    } catch (error) {
      if (failure === undefined) tellFailure(error);
      throw (failure = error as Error);
    }
  }

  function tellFailure(error: unknown): void {
    const reason = formatReason(error);
    const leftMs = Math.round(fetchedAt + maxAgeMs + maxStaleMs - performance.now());
    if (leftMs > 0) {
      log.warn(
        { reason, leftMs },
        'the keys of the issuer cannot be fetched: the last ones are used',
      );
    } else log.warn({ reason }, 'the keys of the issuer cannot be fetched, and there are none');
  }

  /** Joins a fetch that is already running. */
  function refresh(): Promise<void> {
    return (running ??= fetchKeys().finally(() => (running = undefined)));
  }

  /** Waits for keys, unless a fetch has just failed. */
  async function require(): Promise<void> {
    if (!running && failure !== undefined && since(triedAt) < PAUSE_AFTER_FAILURE_MS) throw failure;
    await refresh();
  }

  /** Whether there are keys that may be used. If they are old, it starts to fetch newer ones. */
  function areUsable(): boolean {
    const age = since(fetchedAt);
    if (age > maxAgeMs + maxStaleMs) return false;
    if (age > maxAgeMs && since(triedAt) > PAUSE_AFTER_FAILURE_MS) refresh().catch(() => {});
    return true;
  }

  async function keyOf(...[header, token]: Parameters<JWTVerifyGetKey>) {
    if (!areUsable()) await require();
    try {
      return await remote(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (running || since(triedAt) >= cooldownMs) await refresh();
      // Whether the key exists cannot be told.
      else if (failure !== undefined) throw failure;
      return await remote(header, token);
    }
  }

  return { keyOf, edition: () => (areUsable() ? edition : undefined) };
}

function since(time: number): number {
  return performance.now() - time;
}

/**
 * Fetches through the proxy of `NODE_USE_ENV_PROXY` if the issuer is outside, like every `fetch`. An issuer in a
 * container beside this one is asked directly. An empty list of keys counts as a failure of the issuer: the old keys
 * stay.
 */
async function fetchSomeKeys(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, {
    ...init,
    ...(isInternalUrl(new URL(url)) && { dispatcher: shortConnections() }),
  });
  if (!response.ok) throw new Error(`the issuer answered with ${response.status}`);
  const set = (await response.clone().json()) as { keys?: unknown } | null;
  if (Array.isArray(set?.keys) && set.keys.length === 0) throw new Error('the issuer has no keys');
  return response;
}
