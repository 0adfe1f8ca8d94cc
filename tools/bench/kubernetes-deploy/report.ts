import { formatRatio, median } from '../report/statistics.js';
import { formatTable } from '../report/tables.js';
import type { Reading } from './measure.js';

/** By what changed, then by contender in their order. */
export type Readings = Record<string, (readonly Reading[])[]>;

const HEAD = ['what', 'rolled out by', 's', 'spread', 'to Helm (spread)', 'requests', 'lost'];

/**
 * One row per contender for each change, compared with the first contender.
 *
 * @param changed the name of the service that changed.
 */
export function formatRollouts(
  works: readonly { id: string; title: string }[],
  titles: readonly string[],
  readings: Readings,
  changed: string,
): string {
  const rows = works.flatMap(({ id, title }) => {
    const all = readings[id] ?? [];
    const compared = all[0]?.map(({ seconds }) => seconds) ?? [];
    return all.map((own, index) => {
      const seconds = index === 0 ? compared : own.map((one) => one.seconds);
      return [
        index === 0 ? title : '',
        titles[index]!,
        median(seconds).toFixed(1),
        `${Math.min(...seconds).toFixed(1)} to ${Math.max(...seconds).toFixed(1)}`,
        formatRatio(seconds, compared),
        sumOf(own.map(({ sent }) => sent)),
        sumOf(own.map(({ lost }) => lost.length)),
        formatAll(own.map(({ written }) => kindsOf(written, (name) => isOf(name, changed)))),
        formatAll(own.map(({ written }) => kindsOf(written, (name) => !isOf(name, changed)))),
      ];
    });
  });
  return formatTable([...HEAD, `written of ${changed}`, 'written besides'], rows);
}

/** Requests of all rounds. */
function sumOf(values: readonly number[]): string {
  return values.reduce((sum, value) => sum + value, 0).toLocaleString('en');
}

/** Whether an object is one of a service: `ConfigMap/service-1-releases` is not one of `service-10`. */
function isOf(object: string, service: string): boolean {
  const [, name = ''] = object.split('/');
  return name === service || name.startsWith(`${service}-`);
}

/** `2 (ConfigMap, Deployment)` */
function kindsOf(written: readonly string[], isMeant: (name: string) => boolean): string {
  const kinds = written.filter(isMeant).map((name) => name.split('/')[0]!);
  const names = [...new Set(kinds)].sort().join(', ');
  return kinds.length === 0 ? '0' : `${kinds.length} (${names})`;
}

/** The observations, each once. */
function formatAll(seen: readonly string[]): string {
  return [...new Set(seen)].join('; ');
}
