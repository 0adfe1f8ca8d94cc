import { setTimeout as sleep } from 'node:timers/promises';
import { startLoad } from '../../testing/load.js';
import { CALLS, readVersion } from '../../testing/rolled-platform.js';
import type { Contender } from './contenders.js';
import { gatewayOf } from './gateway-of.js';
import { watchTouched, type Touched } from './touched.js';
import { CHANGED, type Work } from './works.js';

/** The load runs longer than the rollout on both sides, so that its after-effects count, too. */
const BEFORE_MS = 1000;
const AFTER_MS = 2000;

export const PER_SECOND = 40;
export const CALLERS = 32;
/** Enough for ten minutes. */
const AT_MOST = PER_SECOND * 600;

export interface Reading {
  /** Seconds until the command ended, or until the new version answered if it does not end. */
  seconds: number;
  worked: boolean;
  said: string;
  sent: number;
  failed: string[];
  slowestMs: number;
  touched: Touched;
  serves: Serves;
}

/** The answers of the changed service afterwards: the old version, the new one, or failures. */
export type Serves = 'before' | 'other' | 'nothing';

/** Rolls out the workspace, while the platform is under load if it is there. */
export async function measure(contender: Contender, work: Work): Promise<Reading> {
  const { project } = contender;
  if (work.isFirst) {
    const { result, touched } = await watchTouched(project, () => rollOut(contender, work));
    const after = await versionOf(await gatewayOf(project));
    const serves = after === undefined ? 'nothing' : 'other';
    return { ...result, touched, sent: 0, failed: [], slowestMs: 0, serves };
  }
  const url = await gatewayOf(project);
  const before = await readVersion(url, CHANGED);
  const load = startLoad({
    ...{ url, calls: CALLS },
    ...{ perSecond: PER_SECOND, callers: CALLERS, atMost: AT_MOST },
  });
  try {
    const { result, touched } = await watchTouched(project, async () => {
      await sleep(BEFORE_MS);
      const outcome = await rollOut(contender, work);
      await sleep(AFTER_MS);
      return outcome;
    });
    const { sent, failed, slowestMs } = await load.stop();
    const after = await versionOf(url);
    const serves = after === undefined ? 'nothing' : after === before ? 'before' : 'other';
    return { ...result, sent: sent.GET + sent.POST, failed, slowestMs, touched, serves };
  } finally {
    await load.stop();
  }
}

async function rollOut(contender: Contender, { isKnown, isToBuild }: Work) {
  const started = performance.now();
  const outcome = await contender.rollOut({ service: isKnown ? CHANGED : undefined, isToBuild });
  return { seconds: (performance.now() - started) / 1000, ...outcome };
}

/** If the gateway waits for a service that never becomes healthy, there is no gateway. */
function versionOf(url: string): Promise<string | undefined> {
  return readVersion(url, CHANGED).catch(() => undefined);
}
