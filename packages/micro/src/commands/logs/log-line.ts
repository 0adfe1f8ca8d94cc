/** One line that a container wrote. */
export interface LogLine {
  /** When the engine took it, RFC 3339 with nanoseconds. */
  time: string;
  service: string;
  container: string;
  /** What the service wrote, if it is a JSON object. */
  record?: Readonly<Record<string, unknown>>;
  /** What it wrote as it is. */
  text: string;
}

/** `2026-11-21T12:00:00.123456789Z {"msg":"hello"}`, as the engine gives it; `undefined` for anything else. */
export function parseLogLine(
  line: string,
  { service, container }: Pick<LogLine, 'service' | 'container'>,
): LogLine | undefined {
  const [, at, zone, text] = /^(\d{4}-\d\d-\d\dT[\d:.]+)(Z|[+-]\d\d:\d\d) ?(.*)$/s.exec(line) ?? [];
  if (at === undefined || zone === undefined || text === undefined) return undefined;
  const time = zone === 'Z' ? `${at}Z` : inUtc(at, zone);
  return logLine({ time, service, container, text });
}

/** A line with what it says, if that is JSON. */
export function logLine({ time, service, container, text }: Omit<LogLine, 'record'>): LogLine {
  const record = parseRecord(text);
  return { time, service, container, ...(record ? { record } : {}), text };
}

/** A node of a cluster writes its own zone. A date of JavaScript would lose the nanoseconds. */
function inUtc(at: string, zone: string): string {
  const [seconds = '', fraction] = at.split('.');
  const utc = new Date(`${seconds}${zone}`).toISOString().slice(0, 19);
  return `${utc}${fraction === undefined ? '' : `.${fraction}`}Z`;
}

function parseRecord(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** In the order of time; lines of one container keep theirs. */
export function byTime(a: LogLine, b: LogLine): number {
  return compareTimes(a.time, b.time);
}

/** The engine leaves out zeros at the end, so that texts alone do not compare. */
export function compareTimes(a: string, b: string): number {
  const one = sortable(a);
  const other = sortable(b);
  return one < other ? -1 : one > other ? 1 : 0;
}

function sortable(time: string): string {
  const [seconds = '', fraction = ''] = time.replace(/Z$/, '').split('.');
  return `${seconds}.${fraction.padEnd(9, '0')}`;
}

/** Whether a line belongs to the request of that id. A line that is no JSON belongs to none. */
export function isOfRequest({ record }: LogLine, requestId: string): boolean {
  return record?.['requestId'] === requestId;
}
