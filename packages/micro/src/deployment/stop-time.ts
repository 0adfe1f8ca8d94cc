import type { ComposeEntry } from './entry';

/** How long a chassis service may take to finish its work when it stops, in milliseconds. */
export const STOP_VARIABLE = 'STOP_TIMEOUT_MS';

/** Docker's default. */
const DOCKER_GRACE_MS = 10_000;
/** The chassis's default of `STOP_TIMEOUT_MS`. */
const CHASSIS_STOP_MS = 35_000;
/** How long before the engine kills it a service gives up, so that it can log what was still running. */
const MARGIN_MS = 5000;

/** `1m30s`, as Compose reads it, in milliseconds; `undefined` if it is no duration. */
export function parseDuration(text: unknown): number | undefined {
  if (typeof text === 'number') return text * 1000;
  if (typeof text !== 'string' || !/^(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|µs|ns))+$/.test(text)) return;
  const units: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  return [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (units[unit!] ?? 0),
    0,
  );
}

/** How long the engine has to wait for a service with this stop timeout. */
export function graceFor(stopMs: number): number {
  return stopMs + MARGIN_MS;
}

/** The stop timeout of a service that is killed after this time. */
function stopWithin(graceMs: number): number {
  return graceMs > MARGIN_MS * 5 ? graceMs - MARGIN_MS : Math.floor(graceMs * 0.8);
}

/**
 * Derives stop timeout and grace period from one number: the service's variable, otherwise the time in its entry,
 * otherwise the chassis' default.
 */
export function withStopTime(entry: ComposeEntry): ComposeEntry {
  const variables = (entry['environment'] ?? {}) as Record<string, string | null>;
  const grace = parseDuration(entry['stop_grace_period']) ?? DOCKER_GRACE_MS;
  const written = variables[STOP_VARIABLE];
  if (written === undefined || written === null) {
    // Neither is set: Docker's default must not cut off what the chassis takes by default.
    if (entry['stop_grace_period'] === undefined) return withGrace(entry, CHASSIS_STOP_MS);
    const stop = stopWithin(grace);
    return stop === CHASSIS_STOP_MS
      ? entry
      : { ...entry, environment: { ...variables, [STOP_VARIABLE]: String(stop) } };
  }
  const stop = Number(written);
  if (!Number.isFinite(stop) || grace > stop) return entry;
  return withGrace(entry, stop);
}

function withGrace(entry: ComposeEntry, stopMs: number): ComposeEntry {
  return { ...entry, stop_grace_period: `${Math.ceil(graceFor(stopMs) / 1000)}s` };
}
