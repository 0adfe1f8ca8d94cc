import { formatRatio, median } from '../report/statistics.js';
import { formatTable } from '../report/tables.js';
import { KINDS, type BuildKind, type StoreReading } from './reading.js';

const TITLES: Record<BuildKind, string> = {
  ours: '`nx docker-build` without the start of Nx',
  alone: '`docker build` with the same bundle',
  'alone with attestations': '`docker build` with its default attestations',
};

/** A row for each kind of build: its seconds on each engine, against the first one, and ours against `docker build` on each. */
export function formatStores(engines: readonly (readonly StoreReading[])[]): string {
  const secondsOf = (readings: readonly StoreReading[], kind: BuildKind) =>
    readings.map(({ seconds }) => seconds[kind]);
  const names = engines.map(([first]) => first?.engine ?? '');
  const [older = [], ...newer] = engines;
  const rows = KINDS.map((kind) => [
    TITLES[kind],
    ...engines.map((readings) => median(secondsOf(readings, kind)).toFixed(2)),
    ...newer.map((readings) => formatRatio(secondsOf(readings, kind), secondsOf(older, kind))),
  ]);
  const ours = [
    'ratio of the first two (spread)',
    ...engines.map((readings) =>
      formatRatio(secondsOf(readings, 'ours'), secondsOf(readings, 'alone')),
    ),
    ...newer.map(() => ''),
  ];
  const head = [
    'build of one changed service, s',
    ...names,
    ...names.slice(1).map((name) => `${name} to ${names[0]} (spread)`),
  ];
  return formatTable(head, [...rows, ours]);
}
