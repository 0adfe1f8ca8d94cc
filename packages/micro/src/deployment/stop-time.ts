import type { ComposeEntry } from './entry';

/** How long a service of the chassis takes to end what it has in hand, in milliseconds. */
export const STOP_VARIABLE = 'STOP_TIMEOUT_MS';

/** What Docker waits if an entry says nothing. */
const DOCKER_GRACE_MS = 10_000;
/** What the chassis takes if nobody says anything: `STOP_TIMEOUT_MS` in its configuration. */
const CHASSIS_STOP_MS = 35_000;
/** How much sooner a service gives up than the engine kills it: it says what was under way. */
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

/** How long an engine has to wait for a service that takes so long to stop. */
export function graceFor(stopMs: number): number {
  return stopMs + MARGIN_MS;
}

/** How long a service may take that is killed after this time. */
function stopWithin(graceMs: number): number {
  return graceMs > MARGIN_MS * 5 ? graceMs - MARGIN_MS : Math.floor(graceMs * 0.8);
}

/**
 * One number decides how long a stop may take: the variable of the service, or else the time of its entry, or else the
 * default of the chassis.
 */
export function withStopTime(entry: ComposeEntry): ComposeEntry {
  const variables = (entry['environment'] ?? {}) as Record<string, string | null>;
  const grace = parseDuration(entry['stop_grace_period']) ?? DOCKER_GRACE_MS;
  const written = variables[STOP_VARIABLE];
  if (written === undefined || written === null) {
    // Nobody chose a time: what the chassis takes by default must not be cut off by Docker's default.
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
