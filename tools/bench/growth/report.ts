import { formatTable } from '../report/tables.js';
import { median } from '../report/statistics.js';
import type { Machine } from '../machine.js';
import type { Series, SizeReadings } from './measure-size.js';

export interface GrowthResults {
  machine: Machine;
  rounds: number;
  sizes: { services: number; readings: SizeReadings }[];
}

type Size = GrowthResults['sizes'][number];

/** One row per measure, one column per size. */
export function growthTable({ sizes }: Pick<GrowthResults, 'sizes'>): string {
  const row = (title: string, cell: (size: Size) => string) => [title, ...sizes.map(cell)];
  const seconds = (series: Series) => (size: Size) => middle(size, series).toFixed(2);
  const milliseconds = (series: Series) => (size: Size) => middle(size, series).toFixed(1);
  return formatTable(
    ['', ...sizes.map(({ services }) => `${services.toLocaleString('en')} services`)],
    [
      row('project graph without the plugin, cold, s', seconds('cold without')),
      row('project graph with it, cold, s', seconds('cold with')),
      row('project graph without the plugin, warm, s', seconds('warm without')),
      row('project graph with it, warm, s', seconds('warm with')),
      row('the plugin alone: `createNodes`, ms', milliseconds('first')),
      row('the same per 100 services, ms', (size) => share(size).toFixed(1)),
      row('loading the plugin, ms', milliseconds('load')),
      row('`nx affected -t docker-build`, one change, s', seconds('affected')),
      row('`nx sync:check`, s', seconds('sync:check')),
      row('most memory without the plugin, cold, MB', memory('memory without')),
      row('most memory with it, cold, MB', memory('memory with')),
    ],
  );
}

/** How time grows: the exponent e in `time ~ services^e` between the two largest sizes; 1 is linear. */
export function growthLines({ sizes }: Pick<GrowthResults, 'sizes'>): string {
  const [small, large] = sizes.slice(-2);
  if (!small || !large) return '';
  const factor = large.services / small.services;
  const exponent = (series: Series) =>
    (Math.log(middle(large, series) / middle(small, series)) / Math.log(factor)).toFixed(2);
  const named = (['cold with', 'warm with', 'first', 'affected', 'sync:check'] as const).map(
    (series) => `${NAMES[series]} ${exponent(series)}`,
  );
  return (
    `From ${small.services} to ${large.services} services, time grows with this power of their ` +
    `number (1 is linear): ${named.join(', ')}.`
  );
}

const NAMES = {
  'cold with': 'cold graph',
  'warm with': 'warm graph',
  first: '`createNodes`',
  affected: '`nx affected`',
  'sync:check': '`nx sync:check`',
};

export function middle({ readings }: Size, series: Series): number {
  return median(readings[series]);
}

function share(size: Size): number {
  return (middle(size, 'first') / size.services) * 100;
}

function memory(series: Series) {
  return (size: Size) => {
    const value = middle(size, series);
    return Number.isNaN(value) ? '' : value.toFixed(0);
  };
}
