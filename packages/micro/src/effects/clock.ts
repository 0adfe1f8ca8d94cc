import { setTimeout as sleep } from 'node:timers/promises';

/** The time that tasks see: that of the machine, or one that a test controls. */
export interface Clock {
  /** Milliseconds since 1970. It counts from the start of the process, so it never goes back. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

export const systemClock: Clock = {
  // The machine's clock may be set while a deploy waits for a container to become healthy.
  now: () => Math.round(performance.timeOrigin + performance.now()),
  sleep: (milliseconds) => sleep(milliseconds),
};

/** `2026-11-21T12:00:00.000Z` */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}
