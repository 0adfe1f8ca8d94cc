import type { Provider } from './provider-route.js';
import type { RouteLimit } from './route-limit.js';

/** One call that an aggregate makes. */
export interface AggregatePart {
  service: string;
  /** Base URL. */
  url: string;
  /** Path at the service, with a query if needed. `:id` is the value in the path of the aggregate. */
  path: string;
  /** Parameters of the caller's query that are passed on. Default: none. */
  query?: readonly string[];
  /** Time limit until the whole answer is there. Default: that of the aggregate. */
  timeoutMs?: number;
  /** Without this part, the answer is an error. Default false. */
  required?: boolean;
}

/** A path that the gateway answers with the answers of several services. Only GET. */
export interface Aggregate {
  /** `/api/me`, or with values such as `/api/customers/:id`. */
  path: string;
  /** `none`: open to everyone, no token needed. */
  auth?: 'none';
  /** `off`: calls are not counted for the rate limit. Or a limit of this path, instead of that of the gateway. */
  rateLimit?: 'off' | RouteLimit;
  /** Time limit of all parts. Default: that of the gateway. */
  timeoutMs?: number;
  /** A longer answer of a part is an error. Default 1 048 576. */
  maxBytes?: number;
  /** By the name that they have in the answer. */
  parts: Readonly<Record<string, AggregatePart>>;
}

export function isAggregate(entry: Aggregate | Provider): entry is Aggregate {
  return 'parts' in entry;
}

export function isProvider(entry: Aggregate | Provider): entry is Provider {
  return !isAggregate(entry);
}

/** What one part of an aggregate gave. */
export type PartResult = PartData | PartError;

export interface PartData {
  kind: 'data';
  /** JSON text, which is passed on as it is. */
  text: string;
}

export interface PartError {
  kind: 'error';
  service: string;
  statusCode: number;
  /** The text of the status. */
  error: string;
  message: string;
  /** Headers of the answer if this error becomes the answer. */
  headers?: Readonly<Record<string, string>>;
}

export interface AggregateAnswer {
  statusCode: number;
  headers: Readonly<Record<string, string>>;
  text: string;
}

/**
 * The answer of an aggregate. With at least one part, and all required ones, it is `{ data, errors }`: both have the
 * parts by name, and a part that failed is null in `data`. Otherwise it is an error with all errors of the parts.
 */
export function composeAnswer(
  parts: Aggregate['parts'],
  results: ReadonlyMap<string, PartResult>,
): AggregateAnswer {
  const errors = new Map<string, PartError>();
  for (const [name, result] of results) if (result.kind === 'error') errors.set(name, result);
  const shown = JSON.stringify(
    Object.fromEntries([...errors].map(([name, error]) => [name, formatError(error)])),
  );
  const required = [...errors].filter(([name]) => parts[name]?.required).map(([, error]) => error);
  const fatal = required.length > 0 || errors.size < results.size ? required : [...errors.values()];
  const worst = [...fatal].sort((a, b) => b.statusCode - a.statusCode)[0];
  if (worst) {
    const { statusCode, headers = {} } = worst;
    const text = `${JSON.stringify(formatError(worst)).slice(0, -1)},"errors":${shown}}`;
    return { statusCode, headers, text };
  }
  const data = [...results].map(
    ([name, result]) =>
      `${JSON.stringify(name)}:${result.kind === 'data' && result.text !== '' ? result.text : 'null'}`,
  );
  return {
    statusCode: 200,
    headers: errors.size > 0 ? { 'cache-control': 'no-store' } : {},
    text: `{"data":{${data.join(',')}},"errors":${shown}}`,
  };
}

function formatError({ statusCode, error, message, service }: PartError): object {
  return { statusCode, error, message, service };
}

/** Characters that a service could read as the end of a segment, or as an escape. */
// eslint-disable-next-line no-control-regex -- some servers end strings at these
const AMBIGUOUS = /[/\\%;?#\u0000-\u001f\u007f]|^\.{1,2}$|^$/;

/** The path of a part with the values of a request; undefined if a service could misread it. */
export function partTarget(
  { path, query = [] }: Pick<AggregatePart, 'path' | 'query'>,
  values: Readonly<Record<string, string>>,
  callersQuery: string,
): string | undefined {
  const [template = '', own = ''] = path.split('?', 2);
  const segments = template.split('/').map((segment) => {
    if (!segment.startsWith(':')) return segment;
    const value = values[segment.slice(1)] ?? '';
    return AMBIGUOUS.test(value) ? undefined : encodeURIComponent(value);
  });
  if (segments.includes(undefined)) return undefined;
  const given = new URLSearchParams(callersQuery);
  const passed = new URLSearchParams();
  for (const name of query) for (const value of given.getAll(name)) passed.append(name, value);
  const search = [own, passed.toString()].filter((text) => text !== '').join('&');
  return segments.join('/') + (search === '' ? '' : `?${search}`);
}
