import type { RunningFunction } from './emulator.js';

/** A request that a function and a listening service get in the same way. */
export interface Sent {
  method?: string;
  /** With its query. */
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: Buffer;
}

/** An answer, without what holds for a connection or a moment only. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  cookies: string[];
  body: Buffer;
}

/** The caller, as Lambda says it. */
const LOOPBACK = '127.0.0.1';

const PASSING = ['connection', 'keep-alive', 'transfer-encoding', 'date', 'set-cookie'];

/** The event of a function URL: payload format 2.0. */
export function eventOf({ method = 'GET', path, headers = {}, body }: Sent, sourceIp = LOOPBACK) {
  const [rawPath = '', rawQueryString = ''] = path.split('?');
  const { cookie, ...others } = headers;
  return {
    version: '2.0',
    rawPath,
    rawQueryString,
    headers: others,
    ...(cookie === undefined ? {} : { cookies: cookie.split('; ') }),
    requestContext: { stage: '$default', http: { method, sourceIp } },
    ...(body ? { body: body.toString('base64'), isBase64Encoded: true } : {}),
  };
}

/** @throws if the function answers something else than an HTTP answer, such as Lambda's error. */
export async function askFunction(
  { invoke }: Pick<RunningFunction, 'invoke'>,
  sent: Sent,
  sourceIp?: string,
): Promise<Answer> {
  const answer = (await invoke(eventOf(sent, sourceIp))) as {
    statusCode?: number;
    headers: Record<string, string>;
    cookies?: string[];
    body: string;
    isBase64Encoded?: boolean;
  };
  if (answer.statusCode === undefined) {
    throw new Error(`the function answered ${JSON.stringify(answer)}`);
  }
  return {
    status: answer.statusCode,
    headers: withoutPassing(Object.entries(answer.headers)),
    cookies: answer.cookies ?? [],
    body: Buffer.from(answer.body, answer.isBase64Encoded ? 'base64' : 'utf8'),
  };
}

/** @param url of the service, without a path. */
export async function askService(
  url: string,
  { method = 'GET', path, headers = {}, body }: Sent,
): Promise<Answer> {
  const answer = await fetch(url + path, {
    method,
    headers,
    redirect: 'manual',
    ...(body ? { body } : {}),
  });
  return {
    status: answer.status,
    headers: withoutPassing(answer.headers),
    cookies: answer.headers.getSetCookie(),
    body: Buffer.from(await answer.arrayBuffer()),
  };
}

function withoutPassing(headers: Iterable<[string, string]>): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => !PASSING.includes(name)));
}
