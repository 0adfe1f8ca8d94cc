import type { Machine } from '../machine.js';
import type { Results } from '../results.js';
import {
  effectTable,
  factTable,
  floorTable,
  timeTable,
  type ColumnHeading,
  type WorkHeading,
} from './tables.js';

/** Every block of the document that a run fills, by its name there. */
export function formatBlocks(
  works: readonly WorkHeading[],
  columns: readonly ColumnHeading[],
  results: Results,
): Record<string, string> {
  const group = (name: WorkHeading['group']) => works.filter((work) => work.group === name);
  return {
    machine: formatMachine(results.machine, results.rounds),
    contenders: columns.map(({ column, title }) => `- **${column}**: ${title}`).join('\n'),
    times: timeTable(group('time'), columns, results),
    effects: effectTable(group('time'), columns, results),
    images: `${factTable(columns, results)}\n\n${timeTable(group('run'), columns, results)}`,
    floor: floorTable(
      works.filter(({ id, group: name }) => name === 'floor' || FLOOR_ROWS.includes(id)),
      'micro',
      results,
    ),
  };
}

/** Runs of ours that stand beside their parts. */
const FLOOR_ROWS = ['nothing', 'no-change-one', 'no-change-all', 'line'];

export function formatMachine(machine: Machine, rounds: number): string {
  const { cores, processor, memoryGb, kernel, docker, buildx, node, npm, nx, base, date } = machine;
  return [
    `${date}; ${cores} cores (${processor}), ${memoryGb} GB, ${kernel}; Docker Engine ${docker}, buildx ${buildx};`,
    `Node ${node}, npm ${npm}, Nx ${nx}. Base image: ${base}. Medians of ${rounds}.`,
  ].join('\n');
}
