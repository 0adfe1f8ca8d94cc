import type { ContenderId } from '../contenders/contender.js';
import type { Results } from '../results.js';
import { best, median, ratio } from './statistics.js';

/** What a report needs of a work and of a contender. */
export interface WorkHeading {
  id: string;
  title: string;
  group: 'time' | 'run' | 'floor';
  unit: 's' | 'ms';
  aim?: number;
  contenders?: readonly ContenderId[];
  sameAs?: string;
}

export interface ColumnHeading {
  id: ContenderId;
  column: string;
  title: string;
}

/** The readings of a work, including those that it shares with another work. */
export function valuesOf(
  { id, contenders, sameAs }: WorkHeading,
  { readings }: Pick<Results, 'readings'>,
): Partial<Record<ContenderId, number[]>> {
  const shared = sameAs === undefined ? {} : readings[sameAs];
  const merged = { ...shared, ...readings[id] };
  for (const own of sameAs === undefined ? [] : (contenders ?? [])) {
    if (!readings[id]?.[own]) delete merged[own];
  }
  return Object.fromEntries(
    Object.entries(merged).map(([key, list]) => [key, list.map(({ value }) => value)]),
  );
}

/** `| work | A | B | C | us | us / best peer | aim |` with medians. */
export function timeTable(
  works: readonly WorkHeading[],
  columns: readonly ColumnHeading[],
  results: Pick<Results, 'readings'>,
): string {
  const rows = works
    .filter(({ id }) => results.readings[id])
    .map((work) => {
      const values = valuesOf(work, results);
      const cells = columns.map(({ id }) => formatValue(values[id], work.unit));
      return [work.title, ...cells, formatRatio(values), formatAim(work.aim)];
    });
  const head = ['work', ...columns.map(({ column }) => column), 'us / best peer (spread)', 'aim'];
  return formatTable(head, rows);
}

/** How many images were built, and how many of them changed. */
export function effectTable(
  works: readonly WorkHeading[],
  columns: readonly ColumnHeading[],
  { readings }: Pick<Results, 'readings'>,
): string {
  const rows = works
    .filter(({ id }) =>
      Object.values(readings[id] ?? {})
        .flat()
        .some(hasEffects),
    )
    .map(({ id, title }) => [
      title,
      ...columns.map(({ id: contender }) => {
        const own = readings[id]?.[contender] ?? [];
        const seen = own.filter(hasEffects).map(({ built, changed }) => `${built} / ${changed}`);
        return [...new Set(seen)].join(', ');
      }),
    ]);
  return formatTable(['work', ...columns.map(({ column }) => column)], rows);
}

export function factTable(
  columns: readonly ColumnHeading[],
  { facts }: Pick<Results, 'facts'>,
): string {
  const row = (
    title: string,
    cell: (fact: NonNullable<Results['facts'][ContenderId]>) => string,
  ) => [title, ...columns.map(({ id }) => (facts[id] ? cell(facts[id]) : ''))];
  return formatTable(
    ['image of one service', ...columns.map(({ column }) => column)],
    [
      row('over the base, MB', ({ bytesOverBase }) => (bytesOverBase / 1e6).toFixed(2)),
      row('over the base, files', ({ files }) => files.toLocaleString('en')),
      row('of these in node_modules', ({ nodeModules }) => nodeModules.toLocaleString('en')),
      row('exit code after `docker stop`', ({ exitCode }) => String(exitCode)),
      row('user', ({ user }) => user),
      row('HEALTHCHECK', ({ hasHealthcheck }) => (hasHealthcheck ? 'yes' : 'no')),
    ],
  );
}

/** One column: the times of the parts of a run. */
export function floorTable(
  works: readonly WorkHeading[],
  contender: ContenderId,
  { readings }: Pick<Results, 'readings'>,
): string {
  const rows = works
    .filter(({ id }) => readings[id]?.[contender])
    .map(({ id, title, unit }) => {
      const values = (readings[id]?.[contender] ?? []).map(({ value }) => value);
      return [title, formatValue(values, unit), formatSpread(values)];
    });
  return formatTable(['part', 'seconds', 'spread'], rows);
}

export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, index) => Math.max(...all.map((row) => row[index]!.length), 3));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, index) => cell.padEnd(widths[index]!)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

export function formatValue(values: readonly number[] | undefined, unit: 's' | 'ms'): string {
  if (!values || values.length === 0) return '';
  const value = median(values);
  if (unit === 'ms') return `${value.toFixed(0)} ms`;
  return value < 10 ? value.toFixed(2) : value.toFixed(1);
}

function formatSpread(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(2)}-${Math.max(...values).toFixed(2)}`;
}

function formatRatio({ micro, ...peers }: Partial<Record<ContenderId, number[]>>): string {
  const key = best(peers as Partial<Record<ContenderId, number[]>>);
  const against = key && (peers as Partial<Record<ContenderId, number[]>>)[key];
  if (!micro || !against) return '';
  const { value, min, max } = ratio(micro, against);
  return `**${value.toFixed(2)}** (${min.toFixed(2)}-${max.toFixed(2)})`;
}

function formatAim(aim: number | undefined): string {
  return aim === undefined ? '' : `<= ${aim}`;
}

function hasEffects({ built }: { built?: number }): boolean {
  return built !== undefined;
}
