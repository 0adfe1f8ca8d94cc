import type { IncomingHttpHeaders } from 'node:http';

/** A request as a cache reads it. */
export interface CacheRequest {
  /** Scheme and host of the caller's URL. */
  origin: string;
  /** Path and query. */
  target: string;
  headers: IncomingHttpHeaders;
}

/** An answer that can be given to several callers. */
export interface StoredAnswer {
  statusCode: number;
  /** With its age. */
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** What a cache knows about one request. */
export interface CacheEntry {
  /** An answer that may be given without asking. */
  readonly fresh?: StoredAnswer;
  /** Whether there is an answer, fresh or not. */
  readonly isStored: boolean;
  /** Headers with which a provider is asked whether the stored answer still holds. */
  readonly validators: IncomingHttpHeaders;
  /** The stored answer if the provider's answer confirms it (304), or is an error that it may replace. */
  confirm(statusCode: number, headers: IncomingHttpHeaders): StoredAnswer | undefined;
  /** The stored answer if it may be given while the provider fails (`stale-if-error`). */
  afterFailure(): StoredAnswer | undefined;
  canStore(statusCode: number, headers: IncomingHttpHeaders): boolean;
  /** Returns the answer as the next caller would get it. */
  store(answer: StoredAnswer): StoredAnswer;
}

export interface ResponseCache {
  /** An answer with a longer body is not stored. */
  readonly maxEntryBytes: number;
  /** Undefined for a request that the cache has nothing to do with. */
  find(request: CacheRequest): CacheEntry | undefined;
  /** Forgets all answers. */
  forget(): void;
}

/** Whether a caller has the answer already: https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2 */
export function isKnownToCaller(asked: IncomingHttpHeaders, answer: IncomingHttpHeaders): boolean {
  const tags = asked['if-none-match'];
  if (tags !== undefined) {
    const { etag } = answer;
    if (etag === undefined) return false;
    return tags.trim() === '*' || tags.split(',').some((tag) => isSameTag(tag.trim(), etag));
  }
  const since = Date.parse(asked['if-modified-since'] ?? '');
  const changed = Date.parse(answer['last-modified'] ?? '');
  return changed <= since;
}

function isSameTag(one: string, other: string): boolean {
  return one.replace(/^W\//, '') === other.replace(/^W\//, '');
}
