import { parseDuration } from '../../deployment/stop-time';
import { scopeOf } from '../../ecs/names';
import { awsOf } from '../../effects/aws';
import { readLogEvents, type LogEvent } from '../../effects/ecs-logs';
import type { EcsEnvironment } from '../../platform/ecs-environment';
import type { Platform } from '../../platform/platform';
import { UserError } from '../../platform/user-error';
import type { Shell } from '../shell';
import { byTime, logLine, type LogLine } from './log-line';
import type { LogQuery, LogReader } from './read-logs';

/** A group may hold the lines of years; `aws logs tail` begins there, too. */
const SINCE = '10m';

/** Milliseconds between two looks: an account may ask five times a second. */
const LOOK_AGAIN = 3000;

/** A task sends its lines in batches, so that older ones may come after newer ones of others. In milliseconds. */
const OVERLAP = 15_000;

/** So long may Ctrl-C take, in milliseconds. */
const STEP = 100;

export interface GroupQuery extends Pick<LogQuery, 'services' | 'since'> {
  platform: Platform;
  environment: EcsEnvironment;
}

/** Reads the log group of an environment on ECS: one call for all services, so that AWS does not refuse it. */
export function groupReader(shell: Shell, query: GroupQuery): LogReader {
  const { clock, signal } = shell;
  const scope = scopeOf(query.platform, query.environment);
  const runner = {
    run: (...[command, options]: Parameters<Shell['runner']['run']>) =>
      shell.runner.run(command, { ...options, signal }),
  };
  const aws = awsOf(runner, scope, query.environment);
  const [only, ...others] = query.services;
  // Its migration too, whose streams begin with its name.
  const prefix = others.length === 0 ? only : undefined;
  const begin = startOf(query.since ?? SINCE, clock.now());
  const readFrom = (from: number) => readLogEvents(aws, scope, { from, prefix });
  const linesOf = (events: readonly LogEvent[]) =>
    events
      .filter((event) => isAsked(event, query))
      .map(lineOf)
      .sort(byTime);

  async function follow(tell: (line: LogLine) => void): Promise<void> {
    const told = new Map<string, number>();
    let from = begin;
    while (!signal.aborted) {
      const events = await readFrom(from).catch((error: unknown) => {
        if (signal.aborted) return [];
        throw error;
      });
      for (const line of linesOf(events.filter(({ eventId }) => !told.has(eventId)))) tell(line);
      for (const { eventId, timestamp } of events) told.set(eventId, timestamp);
      from = Math.max(from, ...events.map(({ timestamp }) => timestamp - OVERLAP));
      for (const [id, time] of told) if (time < from) told.delete(id);
      const next = clock.now() + LOOK_AGAIN;
      while (!signal.aborted && clock.now() < next) await clock.sleep(STEP);
    }
  }

  return { read: async () => linesOf(await readFrom(begin)), follow };
}

/** @throws {UserError} for a date that does not exist. */
function startOf(since: string, now: number): number {
  const ago = parseDuration(since);
  if (ago !== undefined) return Math.floor(now - ago);
  // Without a zone, UTC is meant, as the times of log lines are.
  const isUtc = since.includes('T') && !/(?:Z|[+-]\d\d:\d\d)$/.test(since);
  const time = Date.parse(isUtc ? `${since}Z` : since);
  if (Number.isNaN(time)) throw new UserError(`--since ${since}: there is no such time`);
  return time;
}

/** `orders/orders/7f3a…` -> `orders` */
function entryOf({ logStreamName }: LogEvent): string {
  return logStreamName.split('/')[0]!;
}

function lineOf(event: LogEvent): LogLine {
  return logLine({
    time: new Date(event.timestamp).toISOString(),
    service: entryOf(event),
    container: event.logStreamName.split('/').at(-1)!,
    text: event.message.replace(/\n+$/, ''),
  });
}

/** Migrations belong to the service whose name theirs begins with, the longest one if there are several. */
function isAsked(event: LogEvent, { services, platform }: GroupQuery): boolean {
  if (services.length === 0) return true;
  const entry = entryOf(event);
  const owners = platform.services
    .map(({ name }) => name)
    .filter((name) => entry === name || entry.startsWith(`${name}-`))
    .sort((a, b) => b.length - a.length);
  return owners[0] !== undefined && services.includes(owners[0]);
}
