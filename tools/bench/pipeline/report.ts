import { formatRatio, median } from '../report/statistics.js';
import { formatTable } from '../report/tables.js';

/** Seconds of one round, each from the state of a new runner. */
export interface PipelineReading {
  affected: number;
  all: number;
  bake: number;
}

const TITLES: Record<keyof PipelineReading, string> = {
  affected: '`nx affected -t docker-push`, as in the generated pipeline',
  all: '`nx run-many -t docker-push`: all are looked up',
  bake: '`docker buildx bake` of all with a registry cache',
};

/** A row for each way: its seconds, their spread, and the ratio to the one made by hand. */
export function formatPipeline(services: number, readings: readonly PipelineReading[]): string {
  const secondsOf = (way: keyof PipelineReading) => readings.map((reading) => reading[way]);
  const ways = Object.keys(TITLES) as (keyof PipelineReading)[];
  const rows = ways.map((way) => {
    const seconds = secondsOf(way);
    return [
      TITLES[way],
      median(seconds).toFixed(1),
      `${Math.min(...seconds).toFixed(1)}-${Math.max(...seconds).toFixed(1)}`,
      way === 'bake' ? '1' : formatRatio(seconds, secondsOf('bake')),
    ];
  });
  const head = [`nothing changed among ${services} services`, 's', 'spread', 'ratio (spread)'];
  return formatTable(head, rows);
}
