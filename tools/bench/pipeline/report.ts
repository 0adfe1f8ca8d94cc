import { formatRatio, median } from '../report/statistics.js';
import { formatTable } from '../report/tables.js';
import { HANDS, type Hand } from './by-hand.js';

/**
 * - `jobs`: what the generated pipeline runs for a commit on the main branch, in all of its jobs that start.
 * - `install`: what each job runs before.
 * - `push`: the images of all services are looked up, as if no job had ever ended well.
 */
export const WAYS = ['jobs', 'read', 'push', 'install', 'write'] as const;
export type Way = (typeof WAYS)[number];

/** Seconds of each way that was measured, in turns; Infinity if it did not end in time. */
export type Round = Partial<Record<Way, number>>;

export function isByHand(way: Way): way is Hand {
  return HANDS.some((hand) => hand === way);
}

const TITLES: Record<Way, string> = {
  jobs: 'generated pipeline: the job `check`, which finds nothing to deploy, without `npm ci`',
  read: '`docker buildx bake` of all, reads a cache in the registry (`mode=max`)',
  install: '`npm ci`, which this job runs before',
  push: '`nx run-many -t docker-push`: bundles all services, looks up all images',
  write: 'the same bake, and writes a cache, too (`cache-to`)',
};

/** A row for each way: its seconds, their spread, and the ratio to the bake that only reads, of the same rounds. */
export function formatPipeline(
  services: number,
  rounds: readonly Round[],
  limitSeconds: number,
): string {
  const format = (value: number) => formatSeconds(value, limitSeconds);
  const rows = WAYS.flatMap((way) => {
    const measured = rounds.filter((round) => round[way] !== undefined);
    if (measured.length === 0) return [];
    const [own, other] = [way, 'read' as const].map((one) =>
      measured.map(({ [one]: seconds = NaN }) => seconds),
    ) as [number[], number[]];
    const spread = [Math.min(...own), Math.max(...own)].map(format).join(' to ');
    const ended = [...own, ...other].every(Number.isFinite);
    return [
      [
        TITLES[way],
        format(median(own)),
        own.length === 1 ? 'once' : spread,
        way === 'read' ? '1' : ended ? formatRatio(own, other) : '',
      ],
    ];
  });
  const head = [`nothing changed among ${services} services`, 's', 'spread', 'ratio (spread)'];
  return formatTable(head, rows);
}

/** `12.3`, or `more than 300` for what did not end in time. */
export function formatSeconds(value: number, limitSeconds: number): string {
  return value === Infinity ? `more than ${limitSeconds}` : value.toFixed(1);
}
