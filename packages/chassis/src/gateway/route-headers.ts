import type { IncomingHttpHeaders } from 'node:http';
import type { HeaderChanges } from './provider-route.js';

type ChangeHeaders = (headers: IncomingHttpHeaders) => IncomingHttpHeaders;

/** A function that changes headers, in place. */
export function headerChanger({ set = {}, remove = [] }: HeaderChanges = {}): ChangeHeaders {
  const removed = remove.map((name) => name.toLowerCase());
  const entries = Object.entries(set).map(([name, value]) => [name.toLowerCase(), value] as const);
  return (headers) => {
    for (const name of removed) delete headers[name];
    for (const [name, value] of entries) headers[name] = value;
    return headers;
  };
}

/** Of a request whose answer is changed: it must be complete and not compressed. */
const OF_THE_WHOLE_ANSWER = ['if-modified-since', 'if-range', 'range'];

/** For a request whose answer is changed: asks for it as it is, and with the provider's own entity tags. */
export function askForPlainAnswer(headers: IncomingHttpHeaders, tag: string): IncomingHttpHeaders {
  for (const name of OF_THE_WHOLE_ANSWER) delete headers[name];
  headers['accept-encoding'] = 'identity';
  for (const name of ['if-match', 'if-none-match'] as const) {
    headers[name] &&= headers[name].replaceAll(`-${tag}"`, '"');
  }
  return headers;
}

/** For an answer that is changed: what described the provider's bytes. */
export function describeChangedAnswer(
  headers: IncomingHttpHeaders,
  tag: string,
): IncomingHttpHeaders {
  const described = { ...headers };
  for (const name of [
    'accept-ranges',
    'content-length',
    'digest',
    'content-digest',
    'repr-digest',
    'content-md5',
    'last-modified',
  ]) {
    delete described[name];
  }
  if (described.etag?.endsWith('"')) described.etag = `${described.etag.slice(0, -1)}-${tag}"`;
  return described;
}

/** `application/json`, or a type that is written as JSON such as `application/problem+json`. */
export function isJson(contentType: string | undefined): boolean {
  return /^application\/(?:[^;\s]+\+)?json\s*(?:;|$)/i.test(contentType ?? '');
}
