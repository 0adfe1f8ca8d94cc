import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { isInternalUrl } from '../connections/internal-url.js';
import { shortConnections } from '../connections/short-connections.js';
import { formatReason } from '../errors/errors.js';
import type { EventLog } from '../telemetry/default-log.js';

export interface PublishedKeysOptions {
  url: string;
  /** Of one fetch. */
  timeoutMs: number;
  /** Keys older than this are fetched again, in the background. */
  maxAgeMs: number;
  /** How much longer the last keys are used while the issuer cannot be reached. */
  maxStaleMs: number;
  /** A token with an unknown key leads to a fetch, at most this often. */
  cooldownMs: number;
  log: EventLog;
}

export interface PublishedKeys {
  /** Rejects with what is wrong with the token, or with why there are no keys. */
  keyOf: JWTVerifyGetKey;
  /**
   * Another number each time that the issuer's keys are others; undefined if they are too old to be used. Keys that should
   * be newer are fetched in the background, as if a token had been verified.
   */
  edition: () => number | undefined;
}

/** After a failed fetch nobody asks again for this long: who waits on an issuer that is away waits for nothing. */
const PAUSE_AFTER_FAILURE_MS = 1000;

/**
 * The keys that an issuer publishes (RFC 7517). Once fetched they go on serving while the issuer is away, up to a limit;
 * one fetch at a time brings newer ones.
 */
export function publishedKeys(options: PublishedKeysOptions): PublishedKeys {
  const { url, timeoutMs, maxAgeMs, maxStaleMs, cooldownMs, log } = options;
  const remote = createRemoteJWKSet(new URL(url), {
    timeoutDuration: timeoutMs,
    // When to fetch is decided here.
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

  /** Joins the fetch that is under way. */
  function refresh(): Promise<void> {
    return (running ??= fetchKeys().finally(() => (running = undefined)));
  }

  /** Waits for keys, unless a fetch has just failed. */
  async function require(): Promise<void> {
    if (!running && failure !== undefined && since(triedAt) < PAUSE_AFTER_FAILURE_MS) throw failure;
    await refresh();
  }

  /** Whether there are keys that may be used. Starts to fetch newer ones if these are old. */
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
 * Through the proxy that `NODE_USE_ENV_PROXY` asks for if the issuer is outside, as all of `fetch`; an issuer that is a container beside
 * this one is asked directly. An empty list is a fault of the issuer, not the end of all keys.
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
