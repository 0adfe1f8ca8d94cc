import { stripVTControlCharacters } from 'node:util';
import { changedIn, type PlatformState } from '../testing/deployed-platform.js';

/** What a round did to each service, read from the engine and the registry. */
export function whatHappened<Service extends string>(
  before: PlatformState<Service>,
  after: PlatformState<Service>,
): Record<Service, string> {
  const rebuilt = changedIn(before, after, 'imageId');
  const pushed = changedIn(before, after, 'digest');
  const restarted = changedIn(before, after, 'containers');
  const entries = (Object.keys(after) as Service[]).map((service) => {
    const did = [
      rebuilt.includes(service) ? 'built' : '',
      pushed.includes(service) ? 'pushed' : '',
      restarted.includes(service) ? 'started' : '',
    ].filter(Boolean);
    return [service, did.length === 0 ? 'untouched' : did.join(', ')] as const;
  });
  return Object.fromEntries(entries) as Record<Service, string>;
}

/** Columns as wide as their widest cell. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const width = (cell: string) => stripVTControlCharacters(cell).length;
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => width(row[column] ?? ''))),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell)))
      .join('   ')
      .trimEnd(),
  );
}
