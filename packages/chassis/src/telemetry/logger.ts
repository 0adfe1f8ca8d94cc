import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino';
import { currentContext } from '../context/request-context.js';
import { hideSecrets, SECRET_HEADERS } from '../errors/hide-secrets.js';
import type { ServiceConfig } from '../service/config.js';
import { isError, serializeError } from './error-serializer.js';

/** The end must not wait longer for a log that nobody reads any more. */
const LOG_WRITE_MS = 500;

// Paths without wildcards, because pino would look through every key of every line for those.
// `req` and `res` are not listed: their serializers write no headers, and they are in every other line.
const PLACES_OF_HEADERS = [
  '',
  'headers',
  ...['request', 'response'].map((key) => `${key}.headers`),
  ...['config', 'options', 'request', 'response'].map((key) => `err.${key}.headers`),
];

/** The paths at which pino removes secrets. */
export const REDACTED_PATHS = PLACES_OF_HEADERS.flatMap((place) =>
  SECRET_HEADERS.map((header) =>
    header.includes('-') ? `${place}["${header}"]` : join(place, header),
  ),
);

function join(place: string, key: string): string {
  return place === '' ? key : `${place}.${key}`;
}

/** Like Fastify's own serializer, but accepts any value. */
const serializers = {
  req: (request: FastifyRequest) => ({
    method: request.method,
    url: request.url,
    host: request.host,
    remoteAddress: request.ip,
    remotePort: request.socket?.remotePort,
  }),
  res: (reply: FastifyReply) => ({ statusCode: reply.statusCode }),
  err: serializeError,
};

const NOTHING = Object.freeze({});

/** The settings of a service's log. */
export type LogConfig = Pick<ServiceConfig, 'NODE_ENV' | 'LOG_LEVEL' | 'SERVICE_VERSION'>;

/**
 * Options for pino: one JSON object per line with service, version, environment and, during a request, `requestId`. In
 * development, it writes readable lines if pino-pretty is installed.
 */
export function loggerOptions(
  service: string,
  config: LogConfig,
): LoggerOptions & { stream: DestinationStream } {
  return {
    level: config.LOG_LEVEL,
    base: { service, version: config.SERVICE_VERSION, environment: config.NODE_ENV },
    formatters: { level: (level) => ({ level }), log: serializeErrors },
    serializers,
    redact: REDACTED_PATHS,
    // Finds header names in any case, and secrets inside text, by looking through the whole line once more.
    hooks: { streamWrite: hideSecrets },
    mixin: requestIdMixin(),
    // A copy, because pino's default strategy changes the object that the mixin returns.
    mixinMergeStrategy: (line, extra) => (extra === NOTHING ? line : { ...extra, ...line }),
    stream: config.NODE_ENV === 'development' ? prettyStream() : standardOutput(),
  };
}

/** For errors under other names than `err`. Otherwise, a client's `toJSON` would log the request with its headers. */
function serializeErrors(line: Record<string, unknown>): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined;
  for (const key in line) {
    if (key !== 'err' && isError(line[key]))
      (copy ??= { ...line })[key] = serializeError(line[key]);
  }
  return copy ?? line;
}

/** pino's types know only text. */
type Output = Omit<ReturnType<typeof pino.destination>, 'write'> & { write(line: Buffer): boolean };

let output: Output | undefined;

/**
 * Writes in the background, many lines at a time. One write per line would be the largest cost of a busy service; the
 * next one would be text, because with each line pino counts the bytes of all lines that wait.
 */
function standardOutput(): DestinationStream & Pick<Output, 'flushSync'> {
  const options = { fd: 1, sync: false, contentMode: 'buffer' } as const;
  const opened = (output ??= pino.destination(options) as unknown as Output);
  return {
    write: (line) => void opened.write(Buffer.from(line)),
    // pino calls it after each fatal line.
    flushSync: () => opened.flushSync(),
  };
}

/** Resolves when all lines so far are written. At exit, the rest is written too, but maybe in another order. */
export async function logWritten(): Promise<void> {
  if (!output) return;
  const written = once(output, 'drain');
  // Makes sure that there is something to wait for.
  output.write(Buffer.alloc(0));
  await Promise.race([written, sleep(LOG_WRITE_MS, undefined, { ref: false })]);
}

/** A logger for code without Fastify, such as a migration. A service logs with `app.log` and `request.log`. */
export function createLogger(service: string, config: LogConfig): Logger {
  const { stream, ...options } = loggerOptions(service, config);
  return pino(options, stream);
}

/** Adds the request id, except to lines of Fastify's logger of a request, which already have it. */
function requestIdMixin(): NonNullable<LoggerOptions['mixin']> {
  // pino keeps bound fields as text. Fastify may bring its own pino, with its own symbol.
  let bound: symbol | undefined;
  return (_line, _level, logger) => {
    const context = currentContext();
    if (!context) return NOTHING;
    bound ??= Object.getOwnPropertySymbols(logger).find(
      ({ description }) => description === 'pino.chindings',
    );
    const text = bound && (logger as unknown as Record<symbol, unknown>)[bound];
    if (typeof text === 'string' && text.includes('"requestId":')) return NOTHING;
    return { requestId: context.requestId };
  };
}

// Not a literal, so that bundlers ignore it: it does not belong in an image.
const PRETTY: string = 'pino-pretty';

interface PrettyModule {
  prettyFactory: (options: { ignore: string }) => (line: string) => string;
}

/** Keeps lines while pino-pretty loads. Writes in this process, so that no line is lost at its end. */
function prettyStream(): DestinationStream {
  const early: string[] = [];
  let write = (line: string): void => void early.push(line);
  const open = (format: (line: string) => string): void => {
    write = (line) => void process.stdout.write(format(line));
    for (const line of early.splice(0)) write(line);
  };
  const asIs = (): void => open((line) => line);
  process.once('exit', () => {
    if (early.length > 0) asIs();
  });
  import(PRETTY).then(({ prettyFactory }: PrettyModule) => {
    open(prettyFactory({ ignore: 'service,version,environment' }));
  }, asIs);
  return { write: (line) => write(line) };
}
