import { setTimeout as sleep } from 'node:timers/promises';

/** Time as tasks see it: the machine's, or one that a test moves on. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds) => sleep(milliseconds),
};

/** `2026-11-21T12:00:00.000Z` */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}
