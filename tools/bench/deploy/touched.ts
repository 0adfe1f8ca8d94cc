import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '../../testing/child.js';

/** What happened to containers of services, and which services they belong to. */
export interface Touched {
  made: number;
  started: number;
  /** Ended in any way. */
  stopped: number;
  removed: number;
  services: string[];
  /** Containers that only hold a record or a lock, and never run. */
  notes: number;
}

export interface ContainerEvent {
  Action: 'create' | 'start' | 'die' | 'destroy';
  Actor: { Attributes: Record<string, string> };
}

/** The engine reports events with a short delay. */
const SETTLE_MS = 500;

/** Records the engine's events while `work` runs on a Compose project. */
export async function watchTouched<T>(
  project: string,
  work: () => Promise<T>,
): Promise<{ result: T; touched: Touched }> {
  const actions = ['create', 'start', 'die', 'destroy'] as const;
  const filters = ['type=container', ...actions.map((action) => `event=${action}`)];
  const events: ContainerEvent[] = [];
  const listener = startChild(
    'docker',
    ['events', '--format', '{{json .}}', ...filters.flatMap((one) => ['--filter', one])],
    { cwd: '/', onLine: (line) => events.push(JSON.parse(line) as ContainerEvent) },
  );
  try {
    await sleep(SETTLE_MS);
    const result = await work();
    await sleep(SETTLE_MS);
    return { result, touched: sumUp(events, project) };
  } finally {
    listener.signal('SIGTERM');
    await listener.ended;
  }
}

export function sumUp(events: readonly ContainerEvent[], project: string): Touched {
  const attributes = ({ Actor }: ContainerEvent) => Actor.Attributes;
  const own = events.filter((event) => attributes(event)['com.docker.compose.project'] === project);
  const notes = events.filter((event) => attributes(event)['org.micro.project'] === project);
  const count = (action: ContainerEvent['Action'], of = own) =>
    of.filter(({ Action }) => Action === action).length;
  const services = own.map((event) => attributes(event)['com.docker.compose.service'] ?? '');
  return {
    made: count('create'),
    started: count('start'),
    stopped: count('die'),
    removed: count('destroy'),
    services: [...new Set(services)].sort(),
    notes: count('create', notes),
  };
}
