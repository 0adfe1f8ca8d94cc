import { fromEnvironment, inOrder, type Discover } from './discovery.js';

/** Where a provider is: its URL, or how to find it before each attempt. */
export interface Whereabouts {
  url?: string;
  discover?: Discover | readonly Discover[];
}

/** @throws {TypeError} if `url` is not an http(s) URL, or has more than a base URL may have. */
export function locator(
  provider: string,
  { url, discover }: Whereabouts,
): () => string | Promise<string> {
  if (url !== undefined) {
    const base = checkBase(provider, url);
    return () => base;
  }
  const find =
    typeof discover === 'object' ? inOrder(...discover) : (discover ?? fromEnvironment());
  return async () => checkBase(provider, await find(provider));
}

/** Removes the final slash. The URL is never part of a message, because it may contain a password. */
function checkBase(provider: string, url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new TypeError(`the URL of "${provider}" must be an http:// or https:// URL`);
  }
  if (parsed.username || parsed.password || parsed.search || parsed.hash) {
    throw new TypeError(`the URL of "${provider}" must have no user, password, query or fragment`);
  }
  return parsed.href.endsWith('/') ? parsed.href.slice(0, -1) : parsed.href;
}
