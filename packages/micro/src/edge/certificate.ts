import type { Tls } from '../platform/publish';

/** How long a certificate is valid. */
export interface Validity {
  from: Date;
  to: Date;
}

/** How many days before the end a person is warned, to get and install a new certificate. */
const DAYS_TO_REPLACE = 14;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * Whether a certificate needs attention. Caddy renews its own when a third of their lifetime is left, so one with less
 * than a sixth left was not renewed.
 */
export function judgeValidity(
  { from, to }: Validity,
  kind: Tls['kind'],
  now: Date,
): 'ok' | 'warn' | 'fail' {
  const left = to.getTime() - now.getTime();
  if (left <= 0 || now < from) return 'fail';
  const enough = kind === 'own' ? DAYS_TO_REPLACE * DAY : (to.getTime() - from.getTime()) / 6;
  return left < enough ? 'warn' : 'ok';
}

/** `12 days left`, `7 hours left`, `expired since 2026-11-21` */
export function formatValidity({ from, to }: Validity, now: Date): string {
  return now < from
    ? `not valid before ${from.toISOString().slice(0, 10)}`
    : formatTimeLeft(to, now);
}

/** The same for a certificate whose start is not known. */
export function formatTimeLeft(to: Date, now: Date): string {
  const left = to.getTime() - now.getTime();
  if (left <= 0) return `expired since ${to.toISOString().slice(0, 10)}`;
  return left < 2 * DAY
    ? `${Math.floor(left / HOUR)} hours left`
    : `${Math.floor(left / DAY)} days left`;
}
