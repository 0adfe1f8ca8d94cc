import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import CachePolicy from 'http-cache-semantics';
import { MAX_BUFFERED_BYTES } from './buffered-answer.js';
import type { CacheEntry, CacheRequest, ResponseCache, StoredAnswer } from './cached-answer.js';
import { KeptEntries } from './kept-entries.js';

export interface ResponseCacheOptions {
  /** How long an answer is fresh that says nothing about it itself. Default 0: it is validated each time. */
  seconds?: number;
  /** More request headers on which answers depend, beside those in their `Vary`. */
  vary?: readonly string[];
  /**
   * What to do with requests that have an `Authorization` or a `Cookie`. Default: they are not cached. `per-caller`: for
   * each such header on its own. `shared`: answers are the same for all callers.
   */
  authorized?: 'per-caller' | 'shared';
  /** Memory for all answers. Default 16 777 216. The answers that were used last are kept. */
  maxBytes?: number;
}

interface Entry {
  policy: CachePolicy;
  statusCode: number;
  body: Buffer;
  /** For an answer without an entity tag of its own. */
  tag: string;
  /** The provider did not say how long it is fresh, so callers are not told either. */
  isSilent: boolean;
}

/** What an entry needs beside its body: keys, headers, objects. */
const OVERHEAD_BYTES = 2048;
const MAX_ENTRIES = 10_000;

/** Answers that depend on more than their request, or never end. */
const NEVER_STORED = ['set-cookie', 'content-range'];

/** A cache for the answers of a route, shared by its callers: https://www.rfc-editor.org/rfc/rfc9111 */
export function responseCache(options: ResponseCacheOptions = {}): ResponseCache {
  const { seconds = 0, vary = [], authorized, maxBytes = 16_777_216 } = options;
  const maxEntryBytes = Math.min(MAX_BUFFERED_BYTES, maxBytes - OVERHEAD_BYTES);
  const entries = new KeptEntries<Entry>(MAX_ENTRIES, maxBytes);
  const keep = (key: string, entry: Entry) =>
    entries.set(key, entry, entry.body.length + key.length + OVERHEAD_BYTES);
  /** The names of headers on which all answers depend. */
  const own = [
    ...vary.map((name) => name.toLowerCase()),
    ...(authorized === 'per-caller' ? ['authorization', 'cookie'] : []),
  ];
  /** The names of more headers on which the answers of a URL depend. */
  const dependences = new KeptEntries<readonly string[]>(MAX_ENTRIES);

  function keyOf(url: string, names: readonly string[], headers: IncomingHttpHeaders): string {
    const values = names.map((name) => [name, headers[name]?.toString() ?? null]);
    return `${url}\n${createHash('sha256').update(JSON.stringify(values)).digest('base64')}`;
  }

  return {
    maxEntryBytes,
    find(request) {
      if (!isCacheable(request, authorized)) return undefined;
      const { headers } = request;
      const url = request.origin + request.target;
      const key = keyOf(url, [...own, ...(dependences.get(url) ?? [])], headers);
      const asked = { url: request.target, method: 'GET', headers: withoutCredentials(headers) };
      const known = entries.get(key);

      const entry: CacheEntry = {
        fresh: known?.policy.satisfiesWithoutRevalidation(asked) ? answerOf(known) : undefined,
        isStored: known !== undefined,
        validators: known ? pickValidators(known.policy.revalidationHeaders(asked)) : {},
        confirm(status, answered) {
          if (!known) return undefined;
          const { policy, modified, matches } = known.policy.revalidatedPolicy(asked, {
            status,
            headers: {
              ...validatorsFor(status, known, answered),
              ...answered,
            },
          });
          if (modified || !matches) return undefined;
          const confirmed = { ...known, policy };
          keep(key, confirmed);
          return answerOf(confirmed);
        },
        afterFailure: () => entry.confirm(503, {}),
        canStore(statusCode, answered) {
          if (NEVER_STORED.some((name) => answered[name] !== undefined)) return false;
          if (answered['content-type']?.startsWith('text/event-stream')) return false;
          if (namesIn(answered.vary).includes('*')) return false;
          const policy = policyOf(statusCode, answered);
          const canBeUsed =
            policy.timeToLive() > 0 ||
            answered.etag !== undefined ||
            answered['last-modified'] !== undefined;
          return policy.storable() && canBeUsed;
        },
        store({ statusCode, headers: answered, body }) {
          const names = [
            ...namesIn(answered.vary),
            // An answer for one origin, by a provider that does not say so.
            ...(answered['access-control-allow-origin'] === undefined ? [] : ['origin']),
          ];
          dependences.set(url, names);
          const stored: Entry = {
            policy: policyOf(statusCode, answered),
            statusCode,
            body,
            tag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
            isSilent: isSilent(answered),
          };
          keep(keyOf(url, [...own, ...names], headers), stored);
          return answerOf(stored);
        },
      };
      return entry;

      function policyOf(status: number, answered: IncomingHttpHeaders): CachePolicy {
        const response = {
          status,
          headers: withLifetime(answered, seconds) as CachePolicy.Headers,
        };
        return new CachePolicy(asked, response, { shared: true, cacheHeuristic: 0 });
      }
    },
    forget: () => entries.clear(),
  };
}

/** Conditions of other kinds are the provider's to judge. */
const NOT_CACHED = ['range', 'if-range', 'if-match', 'if-unmodified-since'];

function isCacheable(
  { headers }: CacheRequest,
  authorized: ResponseCacheOptions['authorized'],
): boolean {
  if (NOT_CACHED.some((name) => headers[name] !== undefined)) return false;
  return (
    authorized !== undefined ||
    (headers.authorization === undefined && headers.cookie === undefined)
  );
}

/** Credentials are part of the key, or do not matter. */
function withoutCredentials(headers: IncomingHttpHeaders): CachePolicy.Headers {
  const { authorization: _, cookie: __, ...rest } = headers;
  return rest;
}

/** Says how long an answer is fresh that does not say it itself. */
function withLifetime(headers: IncomingHttpHeaders, seconds: number): IncomingHttpHeaders {
  return isSilent(headers) && seconds > 0
    ? { ...headers, 'cache-control': `max-age=${seconds}` }
    : headers;
}

function isSilent(headers: IncomingHttpHeaders): boolean {
  return ['cache-control', 'expires', 'pragma'].every((name) => headers[name] === undefined);
}

function pickValidators(headers: CachePolicy.Headers): IncomingHttpHeaders {
  const found: IncomingHttpHeaders = {};
  for (const name of ['if-none-match', 'if-modified-since'] as const) {
    const value = headers[name];
    if (typeof value === 'string') found[name] = value;
  }
  return found;
}

/** A 304 without a validator confirms what was asked. */
function validatorsFor(status: number, { policy }: Entry, answered: IncomingHttpHeaders) {
  if (status !== 304 || answered.etag !== undefined || answered['last-modified'] !== undefined) {
    return {};
  }
  const { etag, 'last-modified': modified } = policy.responseHeaders();
  return {
    ...(etag !== undefined && { etag }),
    ...(modified !== undefined && { 'last-modified': modified }),
  };
}

function answerOf({ policy, statusCode, body, tag, isSilent }: Entry): StoredAnswer {
  const headers: IncomingHttpHeaders = { etag: tag, ...policy.responseHeaders() };
  if (isSilent) delete headers['cache-control'];
  return { statusCode, headers, body };
}

function namesIn(vary: string | undefined): string[] {
  return vary === undefined
    ? []
    : vary
        .split(',')
        .map((name) => name.trim().toLowerCase())
        .filter((name) => name !== '')
        .sort();
}
