import { mustEnd, type Child } from '../../testing/child.js';
import type { Workspace } from '../../testing/workspace.js';
import { peakMemory } from './peak-memory.js';
import { timePlugin } from './plugin-time.js';

/** Readings for one size, in seconds, except `load` and `first` in milliseconds and `memory` in MB. */
export const SERIES = [
  'cold without',
  'cold with',
  'warm without',
  'warm with',
  'affected',
  'sync:check',
  'load',
  'first',
  'memory without',
  'memory with',
] as const;
export type Series = (typeof SERIES)[number];
export type SizeReadings = Record<Series, number[]>;

const AFFECTED = [
  ...['affected', '--targets=docker-build', '--base=HEAD~1', '--head=HEAD'],
  '--graph=stdout',
];
const SHOW = ['show', 'projects', '--json'];

export async function measureSize(
  workspace: Workspace,
  rounds: number,
  interrupted: AbortSignal,
): Promise<SizeReadings> {
  const readings = Object.fromEntries(SERIES.map((name) => [name, []])) as unknown as SizeReadings;
  const start = (args: readonly string[]): Child => workspace.startNx(args);
  const time = async (args: readonly string[]) => {
    interrupted.throwIfAborted();
    const started = performance.now();
    await mustEnd(start(args));
    return (performance.now() - started) / 1000;
  };
  const graph = async (plugin: 'with' | 'without') => {
    await setPlugin(workspace, plugin === 'with');
    await workspace.nx('reset');
    readings[`cold ${plugin}`].push(await time(SHOW));
    readings[`warm ${plugin}`].push(await time(SHOW));
  };
  await time(SHOW);
  for (let round = 0; round < rounds; round++) {
    for (const plugin of round % 2 === 0
      ? (['without', 'with'] as const)
      : (['with', 'without'] as const)) {
      await graph(plugin);
    }
    await setPlugin(workspace, true);
    await time(SHOW);
    readings.affected.push(await time(AFFECTED));
    readings['sync:check'].push(await time(['sync:check']));
    const { load, first } = await timePlugin(workspace);
    readings.load.push(load);
    readings.first.push(first);
  }
  for (const plugin of ['without', 'with'] as const) {
    await setPlugin(workspace, plugin === 'with');
    await workspace.nx('reset');
    const peak = await peakMemory(() => start(SHOW));
    if (peak !== undefined) readings[`memory ${plugin}`].push(peak);
  }
  return readings;
}

/** Removes the plugin from nx.json, or adds it again. Nothing else differs. */
async function setPlugin(workspace: Workspace, on: boolean): Promise<void> {
  const nxJson = JSON.parse(await workspace.read('nx.json')) as { plugins?: unknown[] };
  const others = (nxJson.plugins ?? []).filter((plugin) => plugin !== '@org/micro');
  const plugins = on ? [...others, '@org/micro'] : others;
  await workspace.write('nx.json', `${JSON.stringify({ ...nxJson, plugins }, null, 2)}\n`);
}
