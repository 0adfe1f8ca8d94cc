import { limit } from '../../effects/limit';
import type { Shell } from '../shell';
import { byTime, compareTimes, parseLogLine, type LogLine } from './log-line';
import type { LoggedContainer, LogRange, LogSource } from './log-source';
import { LogMerge } from './merge';

/** Which lines are asked for. */
export interface LogQuery {
  source: LogSource;
  /** Entries of the Compose files; all if it is empty. */
  services: readonly string[];
  since: string | undefined;
}

/** Where the lines of an environment come from. */
export interface LogReader {
  /** What was written so far, in the order of time. */
  read: () => Promise<LogLine[]>;
  /** The same, and then each line as it comes, until the shell's signal ends it. */
  follow: (tell: (line: LogLine) => void) => Promise<void>;
}

/** Reads each container by itself. */
export function containerReader(shell: Shell, query: LogQuery): LogReader {
  return {
    read: () => readLogs(shell, query),
    follow: (tell) => followLogs(shell, query, tell),
  };
}

/** A line waits so long for older ones of other containers, in milliseconds. */
const PATIENCE = 300;

/** What the containers that are there wrote so far, in the order of time. */
async function readLogs(shell: Shell, query: LogQuery): Promise<LogLine[]> {
  const containers = await containersOf(query);
  const lines: LogLine[] = [];
  const inTurn = limit(query.source.atOnce);
  await Promise.all(
    containers.map((container) =>
      inTurn(() =>
        readLog(shell, query, container, { since: query.since }, (line) => void lines.push(line)),
      ),
    ),
  );
  return lines.sort(byTime);
}

/**
 * What is there, and then each line as it comes, also of containers that a deploy makes meanwhile,
 * until the shell's signal ends it.
 */
async function followLogs(
  shell: Shell,
  query: LogQuery,
  tell: (line: LogLine) => void,
): Promise<void> {
  const { clock, signal } = shell;
  const reading = new Map<string, Promise<void>>();
  const told = new Map<string, string>();
  const merge = new LogMerge(PATIENCE, tell);
  let failure: unknown;
  for (const line of await readLogs(shell, query)) {
    told.set(line.container, line.time);
    tell(line);
  }
  const follow = (container: LoggedContainer) => {
    const last = told.get(container.name);
    const range = { since: last ?? query.since, follow: true };
    return readLog(shell, query, container, range, (line) => {
      // "Since" takes in the line of that very time, which was told.
      if (last !== undefined && compareTimes(line.time, last) <= 0) return;
      told.set(line.container, line.time);
      merge.add(line, clock.now());
    })
      .catch((error: unknown) => (failure ??= error))
      .then(() => void reading.delete(container.id));
  };
  let looked = -Infinity;
  while (!signal.aborted && failure === undefined) {
    if (clock.now() - looked >= query.source.lookAgain) {
      looked = clock.now();
      for (const container of await containersOf(query)) {
        if (reading.has(container.id) || !container.isRunning) continue;
        reading.set(container.id, follow(container));
      }
    }
    merge.flush(clock.now());
    await clock.sleep(PATIENCE / 3);
  }
  await Promise.all(reading.values());
  merge.end();
  if (failure !== undefined && !signal.aborted) throw failure as Error;
}

async function containersOf({ source, services }: LogQuery): Promise<LoggedContainer[]> {
  const containers = await source.list();
  return containers.filter(({ service }) => services.length === 0 || services.includes(service));
}

async function readLog(
  { runner, signal }: Shell,
  { source }: LogQuery,
  container: LoggedContainer,
  range: LogRange,
  tell: (line: LogLine) => void,
): Promise<void> {
  const { name, service } = container;
  const complaints: string[] = [];
  const onLine = (text: string) => {
    const line = parseLogLine(text, { service, container: name });
    if (line) tell(line);
    else if (text !== '') complaints.push(text);
  };
  const outcome = await runner
    .run(source.command(container, range), { onLine, keepNothing: true, signal })
    .catch((error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    });
  if (outcome === undefined || outcome.exitCode === 0 || signal.aborted) return;
  if (complaints.some(source.isHarmless)) return;
  throw source.toError(container, { ...outcome, stderr: complaints.join('\n') });
}
