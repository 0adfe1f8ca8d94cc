import type { EngineAddress } from '../../docker/command';
import { docker } from '../../docker/command';
import { saysContainerGone } from '../../docker/error-patterns';
import { timedLogArguments } from '../../docker/container';
import { readProjectContainers } from '../../effects/containers';
import { toEngineError } from '../../docker/engine-error';
import type { Shell } from '../shell';
import { byTime, compareTimes, parseLogLine, type LogLine } from './log-line';
import { LogMerge } from './merge';
import type { Container } from '../../deployment/container';

/** Which lines are asked for. */
export interface LogQuery {
  address: EngineAddress;
  project: string;
  /** Compose services; all of the project if it is empty. */
  services: readonly string[];
  since: string | undefined;
}

/** Between two looks for containers that were made meanwhile, in milliseconds. */
const LOOK_AGAIN = 1_000;

/** A line waits so long for older ones of other containers, in milliseconds. */
const PATIENCE = 300;

/** What the containers that are there wrote so far, in the order of time. */
export async function readLogs(shell: Shell, query: LogQuery): Promise<LogLine[]> {
  const containers = await containersOf(shell, query);
  const lines: LogLine[] = [];
  await Promise.all(
    containers.map(async (container) => {
      await readLog(shell, query, container, { since: query.since }, (line) => lines.push(line));
    }),
  );
  return lines.sort(byTime);
}

/**
 * What is there, and then each line as it comes, also of containers that a deploy makes meanwhile,
 * until the shell's signal ends it.
 */
export async function followLogs(
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
  const follow = (container: Container) => {
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
    if (clock.now() - looked >= LOOK_AGAIN) {
      looked = clock.now();
      for (const container of await containersOf(shell, query)) {
        if (reading.has(container.id) || container.state !== 'running') continue;
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

async function containersOf(
  { runner }: Shell,
  { address, project, services }: LogQuery,
): Promise<Container[]> {
  const containers = await readProjectContainers(runner, address, project);
  return containers.filter(({ service }) => services.length === 0 || services.includes(service));
}

async function readLog(
  { runner, signal }: Shell,
  { address }: LogQuery,
  { id, name, service }: Container,
  range: { since: string | undefined; follow?: boolean },
  tell: (line: LogLine) => void,
): Promise<void> {
  const complaints: string[] = [];
  const onLine = (text: string) => {
    const line = parseLogLine(text, { service, container: name });
    if (line) tell(line);
    else if (text !== '') complaints.push(text);
  };
  const outcome = await runner
    .run(docker(timedLogArguments(id, range), address), { onLine, keepNothing: true, signal })
    .catch((error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    });
  // A container that a deploy removed meanwhile has said all that it had to say.
  const isGone = complaints.some(saysContainerGone);
  if (outcome === undefined || outcome.exitCode === 0 || signal.aborted || isGone) return;
  const said = { ...outcome, stderr: complaints.join('\n') };
  throw toEngineError(`Could not read the log of ${name}`, said, address);
}
