/** What API Gateway and function URLs send: payload format 1.0 or 2.0, as far as we read it. */
export interface HttpEvent {
  version?: string;
  httpMethod?: string;
  path?: string;
  rawPath?: string;
  rawQueryString?: string;
  headers?: Record<string, string | undefined> | null;
  multiValueHeaders?: Record<string, string[] | undefined> | null;
  queryStringParameters?: Record<string, string | undefined> | null;
  multiValueQueryStringParameters?: Record<string, string[] | undefined> | null;
  cookies?: string[];
  body?: string | null;
  isBase64Encoded?: boolean;
  requestContext?: {
    stage?: string;
    requestId?: string;
    elb?: unknown;
    http?: { method?: string; sourceIp?: string };
    identity?: { sourceIp?: string };
  };
}

/** What the function answers, in either format. */
export interface HttpAnswer {
  statusCode: number;
  headers: Record<string, string>;
  multiValueHeaders?: Record<string, string[]>;
  cookies?: string[];
  body: string;
  isBase64Encoded?: boolean;
}

/** Headers of one connection (RFC 9110, 7.6.1). Neither API Gateway nor its client is on the other end of ours. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding'];

/**
 * The event with its request as the client sent it: one path with its query, lower-case names of headers, cookies in one
 * header. Otherwise a service would see another query than in its container: format 2.0 joins repeated values with
 * commas, which a value may contain, too.
 *
 * @throws if the event is not an HTTP request.
 */
export function asSent(event: HttpEvent): HttpEvent {
  const { requestContext: context } = event;
  if (!context || context.elb !== undefined || !(event.httpMethod ?? context.http?.method)) {
    const keys = Object.keys(event).join(', ') || 'none';
    throw new TypeError(
      `this function answers HTTP requests of API Gateway and of function URLs (payload format 1.0 or 2.0) only; the event has the keys: ${keys}`,
    );
  }
  const query = queryOf(event);
  const path = withoutStage(event) || '/';
  const url = query === '' ? path : `${path}?${query}`;
  return {
    ...event,
    ...(event.path === undefined ? { rawPath: url } : { path: url }),
    headers: headersOf(event),
    multiValueHeaders: null,
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    cookies: [],
  };
}

function queryOf(event: HttpEvent): string {
  if (event.rawQueryString !== undefined) return event.rawQueryString;
  const query = new URLSearchParams();
  const given: Record<string, string | string[] | undefined> =
    event.multiValueQueryStringParameters ?? event.queryStringParameters ?? {};
  for (const [name, value] of Object.entries(given)) {
    for (const one of [value ?? []].flat()) query.append(name, one);
  }
  return query.toString();
}

/** An HTTP API puts its stage before the path, unless that is `$default`. A REST API, whose events have no version, does not. */
function withoutStage({ version, path, rawPath, requestContext }: HttpEvent): string {
  const given = path ?? rawPath ?? '/';
  const prefix = `/${requestContext?.stage}`;
  if (version === undefined || !(given === prefix || given.startsWith(`${prefix}/`))) return given;
  return given.slice(prefix.length);
}

function headersOf(event: HttpEvent): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(event.headers ?? {})) {
    if (value !== undefined) headers[name.toLowerCase()] = value;
  }
  for (const [name, values] of Object.entries(event.multiValueHeaders ?? {})) {
    if (!values || values.length < 2) continue;
    // As Node joins headers that were sent several times.
    headers[name.toLowerCase()] = values.join(name.toLowerCase() === 'cookie' ? '; ' : ', ');
  }
  if (event.cookies && event.cookies.length > 0) headers.cookie = event.cookies.join('; ');
  return headers;
}

/** Without what only holds on a connection. */
export function withoutConnection(answer: HttpAnswer): HttpAnswer {
  const headers = Object.entries(answer.headers).filter(([name]) => !HOP_BY_HOP.includes(name));
  return { ...answer, headers: Object.fromEntries(headers) };
}
