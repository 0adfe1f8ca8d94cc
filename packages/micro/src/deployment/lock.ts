import { z } from 'zod';

/** Seconds between two signs of life of who holds the lock. */
export const BEAT = 5;
/** A lock whose holder gave no sign of life for that many seconds is nobody's. */
export const EXPIRY = 30;

/** Who deploys, as the lock's label says it. */
export const holderSchema = z.object({
  /** `ada@laptop` */
  user: z.string(),
  pid: z.number(),
  /** Tasks of one Nx command have the same. */
  run: z.string(),
  /** What was typed, for example `nx run-many -t compose-deploy`. */
  command: z.string(),
});
export type Holder = z.output<typeof holderSchema>;

/** A lock as it lies on the engine. */
export interface HeldLock {
  /** Of the container that it is. */
  id: string;
  holder: Holder;
  /** Milliseconds since 1970, on the engine's clock. */
  since: number;
  /** Seconds after `since` at which its holder last gave a sign of life. */
  beat: number;
}

/** `acme-production.lock`: one for each Compose project of an engine. */
export function lockName(project: string): string {
  return `${project}.lock`;
}

/** @param now milliseconds since 1970, on the engine's clock: those of two machines may differ. */
export function isExpired({ since, beat }: HeldLock, now: number): boolean {
  return now - (since + beat * 1000) > EXPIRY * 1000;
}

/** `ada@laptop since 12:00:05 UTC (pid 4711: nx run-many -t compose-deploy)` */
export function formatHolder({ holder, since }: HeldLock): string {
  const time = new Date(since).toISOString().slice(11, 19);
  return `${holder.user} since ${time} UTC (pid ${holder.pid}: ${holder.command})`;
}

interface LockContainer {
  Id: string;
  Created: string;
  Config: { Labels: Record<string, string> | null };
  HostConfig: { RestartPolicy?: { MaximumRetryCount?: number } };
}

/** @param json what `docker container inspect` printed. */
export function parseLock(json: string, label: string): HeldLock | undefined {
  const [container] = JSON.parse(json || '[]') as LockContainer[];
  if (!container) return undefined;
  const holder = holderSchema.safeParse(parseJson(container.Config.Labels?.[label] ?? ''));
  return {
    id: container.Id,
    holder: holder.data ?? { user: 'somebody', pid: 0, run: '', command: 'unknown' },
    since: Date.parse(container.Created),
    beat: container.HostConfig.RestartPolicy?.MaximumRetryCount ?? 0,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
