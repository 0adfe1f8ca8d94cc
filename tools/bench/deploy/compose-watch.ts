import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines } from '../../command.js';
import { startChild } from '../../testing/child.js';
import type { Outcome } from './contenders.js';

const POLL_MS = 50;
const STARTS_WITHIN_MS = 30_000;
const ROLLS_WITHIN_MS = 180_000;
const LINES = 30;

export interface WatchRollout {
  /** Arguments of docker up to the verb: `compose --project-name … --file …`. */
  compose: readonly string[];
  cwd: string;
  /** The version that is served; undefined if nothing is. */
  readVersion: () => Promise<string | undefined>;
}

/** The entry of a service by which `docker compose watch` builds it again after a change of its sources. */
export function watchEntry(service: string): string {
  const watch = `[{ action: rebuild, path: ./apps/${service}/src }]`;
  return `  ${service}:\n    develop:\n      watch: ${watch}\n`;
}

/**
 * Rolls out one service by `docker compose watch`, which runs while its file is written again.
 *
 * @param file the changed source, absolute.
 * @returns with the seconds from the file to the first answer of the new version.
 */
export async function rollOutByWatch(
  { compose, cwd, readVersion }: WatchRollout,
  service: string,
  file: string,
): Promise<Outcome> {
  const before = await readVersion();
  const watch = startChild('docker', [...compose, 'watch', '--no-up', service], { cwd });
  const until = async (withinMs: number, isDone: () => Promise<boolean> | boolean) => {
    const deadline = performance.now() + withinMs;
    while (!(await isDone())) {
      if (!watch.isAlive() || performance.now() > deadline) return false;
      await sleep(POLL_MS);
    }
    return true;
  };
  const isNew = async () => {
    const version = await readVersion().catch(() => undefined);
    return version !== undefined && version !== before;
  };
  try {
    const isWatching = await until(STARTS_WITHIN_MS, () =>
      /watch (?:enabled|configuration)/i.test(watch.output()),
    );
    const started = performance.now();
    await writeFile(file, await readFile(file));
    const worked = isWatching && (await until(ROLLS_WITHIN_MS, isNew));
    const seconds = (performance.now() - started) / 1000;
    return { worked, said: lastLines(watch.output(), LINES), seconds };
  } finally {
    watch.signal('SIGINT');
    await watch.ended;
  }
}
