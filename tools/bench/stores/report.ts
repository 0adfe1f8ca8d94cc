import { formatRatio, median } from '../report/statistics.js';
import { formatTable } from '../report/tables.js';
import { KINDS, type BuildKind, type StoreReading } from './reading.js';

const TITLES: Record<BuildKind, string> = {
  whole: 'one line changed: `nx docker-build`, which bundles first',
  pushed: 'one line changed: `nx docker-push`, which bundles and builds first',
  ours: 'the image in it, without the start of Nx',
  alone: '`docker build` with the same bundle',
  'alone with attestations': '`docker build` with its default attestations',
  least: '`docker build` of `FROM` and `COPY`, with one name',
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
    'our image to `docker build` with the same bundle',
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
