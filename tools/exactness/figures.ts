import type { StepResult } from './session.js';

/** The result of a number of changes. */
export interface Figures {
  cases: number;
  /** Images that changed, according to the oracle. */
  changed: number;
  /** Of these, images that were really built or found. */
  hit: number;
  /** Images that BuildKit built. */
  built: number;
  wasted: number;
  /** Changed images that were not rebuilt, even by a run of all services. */
  missedByKey: number;
  selected: number;
  services: number;
  failures: number;
}

export const NOTHING: Figures = {
  cases: 0,
  changed: 0,
  hit: 0,
  built: 0,
  wasted: 0,
  missedByKey: 0,
  selected: 0,
  services: 0,
  failures: 0,
};

export function addResult(figures: Figures, result: StepResult): Figures {
  const { services, missed, missedByKey, wasted, selected, failure } = result;
  const changed = services.filter((service) => service.changed).length;
  return {
    cases: figures.cases + 1,
    changed: figures.changed + changed,
    hit:
      figures.hit + services.filter(({ name, changed: is }) => is && !missed.includes(name)).length,
    built: figures.built + services.filter((service) => service.built).length,
    wasted: figures.wasted + wasted.length,
    missedByKey: figures.missedByKey + missedByKey.length,
    selected: figures.selected + selected,
    services: figures.services + services.length,
    failures: figures.failures + (failure === undefined ? 0 : 1),
  };
}

/** The share of changed images that were built; 1 if none changed. */
export function recall({ changed, hit }: Figures): number {
  return changed === 0 ? 1 : hit / changed;
}

/** The share of built images that changed; 1 if none was built. */
export function precision({ built, wasted }: Figures): number {
  return built === 0 ? 1 : (built - wasted) / built;
}

const HEAD = [
  '',
  'cases',
  'services',
  'changed',
  'selected',
  'built',
  'missed',
  'wasted',
  'recall',
  'precision',
];

/** A Markdown table with a line for each name. */
export function formatFigures(figures: ReadonlyMap<string, Figures>): string {
  const rows = [...figures].map(([name, of]) => [
    name,
    of.cases,
    of.services,
    of.changed,
    of.selected,
    of.built,
    of.changed - of.hit,
    of.wasted,
    recall(of).toFixed(3),
    precision(of).toFixed(3),
  ]);
  return [HEAD, HEAD.map((_, at) => (at === 0 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}
