import type { Tls } from '../platform/publish';

/** How long a certificate is valid. */
export interface Validity {
  from: Date;
  to: Date;
}

/** Days in which a person gets and installs another certificate. */
const DAYS_TO_REPLACE = 14;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * Whether somebody has to see to a certificate. Caddy renews its own when a third of their time is left: one that
 * has less than a sixth was not renewed.
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

/** The same of a certificate of which only the end is known. */
export function formatTimeLeft(to: Date, now: Date): string {
  const left = to.getTime() - now.getTime();
  if (left <= 0) return `expired since ${to.toISOString().slice(0, 10)}`;
  return left < 2 * DAY
    ? `${Math.floor(left / HOUR)} hours left`
    : `${Math.floor(left / DAY)} days left`;
}
