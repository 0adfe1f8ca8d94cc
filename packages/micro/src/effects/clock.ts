import { setTimeout as sleep } from 'node:timers/promises';

/** Time as tasks see it: the machine's, or one that a test moves on. */
export interface Clock {
  /** Milliseconds since 1970, counted on from when the process started: it never goes back. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

export const systemClock: Clock = {
  // Somebody may set the machine's clock while a deploy waits for a container to become healthy.
  now: () => Math.round(performance.timeOrigin + performance.now()),
  sleep: (milliseconds) => sleep(milliseconds),
};

/** `2026-11-21T12:00:00.000Z` */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}
