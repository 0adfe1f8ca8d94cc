import { BEAT, UNRENEWED } from '../deployment/lock';
import type { LockTerms } from './lock-wait';

/** How a renewal ended. `unclear`: the lock is still ours, but this renewal may not have been written. */
export type Renewal = 'renewed' | 'unclear' | 'lost';

/**
 * Renews a lock until it is stopped, with one renewal at a time. If the lock is lost, or was not renewed for too long,
 * `onLost` is called once.
 *
 * @param name of the lock, for people.
 */
export function startBeating(
  { clock, onLost }: Pick<LockTerms, 'clock' | 'onLost'>,
  name: string,
  renew: () => Promise<Renewal>,
): { stop: () => Promise<void> } {
  let renewed = clock.now();
  let renewing: Promise<void> | undefined;
  let isLost = false;
  const lose = (why: string) => {
    clearInterval(timer);
    if (isLost) return;
    isLost = true;
    onLost(`the lock of ${name} ${why}`);
  };
  const beat = async () => {
    const renewal = await renew();
    if (renewal === 'renewed') renewed = clock.now();
    if (renewal === 'lost') lose('was taken away by somebody else');
  };
  const timer = setInterval(() => {
    if (clock.now() - renewed > UNRENEWED * 1000) {
      return lose(`could not be renewed for ${UNRENEWED} s, so another deploy may take it`);
    }
    renewing ??= beat()
      // An engine or API server that does not answer for a moment is no reason to stop.
      .catch(() => undefined)
      .finally(() => (renewing = undefined));
  }, BEAT * 1000);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      // Otherwise, a renewal after the release would stay forever.
      await renewing;
    },
  };
}
