import { setTimeout as sleep } from 'node:timers/promises';
import { call, underLoad } from '../../../packages/micro/src/testing/cluster-load.js';
import { LabError } from '../../program.js';
import { requireWorked, type Contender } from './contenders.js';
import { writtenBetween } from './namespace.js';

/** The load runs longer than the rollout on both sides, so that its after-effects count, too. */
const BEFORE_MS = 1000;
const AFTER_MS = 3000;
/** How long the port of a node may go on leading to the version before. */
const SERVED_MS = 30_000;

export interface Reading {
  /** Seconds until the command ended. */
  seconds: number;
  sent: number;
  /** Why each request without a good answer had none. */
  lost: string[];
  /** Names of objects, such as `Deployment/orders`. */
  written: string[];
}

/**
 * Rolls out under load at the port of a node.
 *
 * @param version that answers there afterwards.
 * @throws LabError if the command failed, or something else answers.
 */
export async function measure(
  { namespace, title, rollOut }: Contender,
  url: string,
  version: string,
): Promise<Reading> {
  const before = await namespace.versions();
  let seconds = 0;
  const { sent, lost } = await underLoad(url, async () => {
    await sleep(BEFORE_MS);
    const started = performance.now();
    const outcome = await rollOut();
    seconds = (performance.now() - started) / 1000;
    requireWorked(title, outcome);
    await sleep(AFTER_MS);
  });
  await requireVersion(title, url, version);
  return { seconds, sent, lost, written: writtenBetween(before, await namespace.versions()) };
}

/** The nodes need a moment to know where a port leads. */
export async function requireVersion(title: string, url: string, version: string): Promise<void> {
  let answer = '';
  for (const until = Date.now() + SERVED_MS; Date.now() < until; await sleep(200)) {
    answer = await call(url).catch((error: unknown) => String(error));
    if (answer === version) return;
  }
  throw new LabError(`${title} left "${answer}" at ${url}, and not "${version}"`);
}
