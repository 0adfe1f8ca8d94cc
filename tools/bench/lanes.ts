import { fileURLToPath } from 'node:url';
import { mustRun } from '../command.js';

/** What a program prints at its end. */
export interface LoadReading {
  /** Units of work per second. */
  rate: number;
  /** Milliseconds that one takes: median and 99th percentile. */
  middle: number;
  slowest: number;
  /** Microseconds of this program's processor time per unit. */
  work: number;
}

export interface Lanes {
  /** How many are on their way at a time. */
  lanes: number;
  count: number;
  /** As many that do not count, before. */
  warmUp: number;
}

/**
 * Measures a piece of work in several lanes. Each waits for its piece before it begins the next one, so that no queue
 * grows.
 *
 * @param pass resolves with its milliseconds.
 */
export async function measureLanes(
  { lanes, count, warmUp }: Lanes,
  pass: () => Promise<number>,
): Promise<LoadReading> {
  async function send(left: number): Promise<number[]> {
    const times: number[] = [];
    const lane = async (): Promise<void> => {
      while (left-- > 0) times.push(await pass());
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return times.toSorted((a, b) => a - b);
  }

  await send(warmUp);
  const [before, started] = [process.cpuUsage(), performance.now()];
  const times = await send(count);
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - started) / 1000;
  return {
    rate: times.length / seconds,
    middle: times[Math.floor(times.length / 2)]!,
    slowest: times[Math.floor(times.length * 0.99)]!,
    work: (user + system) / times.length,
  };
}

/** Runs a program that prints a reading, as in production. */
export async function runLoadProgram(
  program: URL,
  env: Readonly<Record<string, string>>,
): Promise<LoadReading> {
  const variables = Object.entries({ ...env, NODE_ENV: 'production' }).map((one) => one.join('='));
  const lines = await mustRun('env', [...variables, process.execPath, fileURLToPath(program)]);
  return JSON.parse(lines.trim().split('\n').at(-1)!) as LoadReading;
}
