import { visible } from '../../platform/visible';
import type { Colour, Paint } from '../shell';
import type { LogLine } from './log-line';

const LEVELS: Record<string, Colour> = {
  trace: 'dim',
  debug: 'dim',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
};

/** pino's own numbers, of services that do not write the level's name. */
const LEVEL_NAMES: Record<number, string> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/** Services are told apart by colour as well; the same one always has the same. */
const COLOURS: readonly Colour[] = ['cyan', 'magenta', 'blue', 'green', 'yellow'];

/** Keys that stand in a place of their own, or say what every line of the service says. */
const SHOWN_ELSEWHERE = new Set([
  'level',
  'time',
  'msg',
  'err',
  'service',
  'version',
  'environment',
  'pid',
  'hostname',
  'req',
  'res',
  'responseTime',
  'requestId',
]);

/**
 * One line for a person: `12:00:01.250  orders  info   GET /orders 200 12 ms  requestId=…`. An error's
 * stack follows on lines of its own, and what is no JSON stands as it is. What a terminal would act on is
 * shown as `\x1b`.
 *
 * @param width of the longest service name.
 */
export function formatLogLine(line: LogLine, width: number, paint: Paint): string {
  const head = `${paint('dim', line.time.slice(11, 23).replace('Z', ''))}  ${paint(colourOf(line.service), line.service.padEnd(width))}`;
  const { record } = line;
  if (!record) return `${head}  ${visible(line.text)}`;
  const level = levelOf(record['level']);
  const rest = Object.entries(record)
    .filter(([key]) => !SHOWN_ELSEWHERE.has(key))
    .map(([key, value]) => paint('dim', `${visible(key)}=${shortText(value)}`));
  const id = record['requestId'];
  return [
    head,
    paint(LEVELS[level] ?? 'dim', level.padEnd(5)),
    [textOf(record['msg']), ...requestOf(record), ...rest].filter(Boolean).join('  '),
    ...(typeof id === 'string' ? [paint('dim', `requestId=${visible(id)}`)] : []),
  ]
    .join('  ')
    .concat(stackOf(record['err']));
}

/** One line for a program: the service's log line, with its origin. */
export function formatLogJson({ time, service, container, record, text }: LogLine): string {
  return JSON.stringify({ time, service, container, ...(record ? { record } : { text }) });
}

function levelOf(level: unknown): string {
  if (typeof level === 'number') return LEVEL_NAMES[level] ?? String(level);
  return textOf(level);
}

function colourOf(service: string): Colour {
  const sum = [...service].reduce((total, letter) => total + letter.charCodeAt(0), 0);
  return COLOURS[sum % COLOURS.length]!;
}

/** What Fastify logs of a request and its answer: `GET /orders`, `200`, `12 ms`. */
function requestOf({ req, res, responseTime }: Readonly<Record<string, unknown>>): string[] {
  const request = req as { method?: unknown; url?: unknown } | undefined;
  const response = res as { statusCode?: unknown } | undefined;
  return [
    ...(request?.method === undefined ? [] : [`${textOf(request.method)} ${textOf(request.url)}`]),
    ...(response?.statusCode === undefined ? [] : [textOf(response.statusCode)]),
    ...(typeof responseTime === 'number' ? [`${responseTime.toFixed(0)} ms`] : []),
  ];
}

function stackOf(error: unknown): string {
  const { stack, message } = (error ?? {}) as { stack?: unknown; message?: unknown };
  const text = textOf(stack) || textOf(message);
  return text === '' ? '' : `\n${text.replace(/^/gm, '    ')}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? visible(String(value)) : '';
}

function shortText(value: unknown): string {
  return visible(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
}
