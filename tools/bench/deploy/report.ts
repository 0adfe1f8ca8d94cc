import { formatTable } from '../report/tables.js';
import { formatRatio, median } from '../report/statistics.js';
import type { Reading, Serves } from './measure.js';
import type { Touched } from './touched.js';
import { CHANGED, type Work } from './works.js';

/** By work, then by contender in their order; undefined for a contender that cannot do this work. */
export type Readings = Record<string, (Reading[] | undefined)[]>;

const HEAD = [
  ...['what', 'rolled out by', 's', 'to Compose (spread)'],
  ...['requests', 'lost', 'slowest, ms'],
  ...['made / started / stopped / removed', `of these not ${CHANGED}`, 'serves afterwards'],
];

export function formatDeploys(
  works: readonly Pick<Work, 'id' | 'title'>[],
  titles: readonly string[],
  readings: Readings,
): string {
  const rows = works.flatMap(({ id, title }) => {
    const all = readings[id] ?? [];
    return all.flatMap((own, index) => {
      if (!own) return [];
      const of = (value: (reading: Reading) => number) => own.map(value);
      const seconds = of((one) => one.seconds);
      const compared = index === 0 ? seconds : all[0]!.map((one) => one.seconds);
      const row = [
        index === 0 ? title : '',
        titles[index]!,
        median(seconds).toFixed(1),
        formatRatio(seconds, compared),
        median(of((one) => one.sent)).toFixed(0),
        formatSpan(of((one) => one.failed.length)),
        formatSpan(of((one) => Math.round(one.slowestMs))),
        formatAll(own.map(({ touched }) => formatTouched(touched))),
        formatAll(own.map(({ touched }) => others(touched))),
        formatAll(own.map(({ serves }) => WORDS[serves])),
      ];
      return [row];
    });
  });
  return formatTable(HEAD, rows);
}

const WORDS: Record<Serves, string> = {
  before: 'the version before',
  other: 'the new version',
  nothing: 'nothing',
};

/** `3 (0-5)`, or `3` if all are equal. */
function formatSpan(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const middle = median(values).toFixed(0);
  return least === most ? middle : `${middle} (${least}-${most})`;
}

/** The observations, each once. */
function formatAll(seen: readonly string[]): string {
  return [...new Set(seen)].join('; ');
}

function formatTouched({ made, started, stopped, removed, notes }: Touched): string {
  const own = [made, started, stopped, removed].join(' / ');
  return notes === 0 ? own : `${own} + ${notes} notes`;
}

function others({ services }: Touched): string {
  const names = services.filter((service) => service !== CHANGED);
  return names.length === 0 ? '0' : names.join(', ');
}
