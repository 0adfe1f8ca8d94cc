import type { RunPlan } from '../../../deployment/run-plan';
import { touchedOthers } from '../../../deployment/plan';
import { readProjectContainers } from '../../../effects/containers';
import { canaryName } from '../../../platform/canary';
import { EDGE_SERVICE } from '../../../platform/edge-options';
import { UserError } from '../../../platform/user-error';
import type { Facts, Run } from '../run';

/** Checks that the deploy changed containers of its own services only. */
export async function requireOthersUntouched(
  { runner, address, name, tasks }: Run,
  { services, edge: planned }: RunPlan,
  { containers: before, edge }: Facts,
  pruned: readonly string[],
): Promise<void> {
  const after = await readProjectContainers(runner, address, name);
  const started = services.flatMap(({ starts, desired }) => [...starts, ...desired.jobs]);
  const names = tasks.map(({ service }) => service.name);
  const own = [...names, ...names.map(canaryName)];
  const isEdgeKept = planned.kind === 'none' || planned.kind === 'keep';
  const ofEdge = isEdgeKept && edge.leftovers.length === 0 ? [] : [EDGE_SERVICE];
  const touched = touchedOthers(before, after, new Set([...own, ...started, ...pruned, ...ofEdge]));
  if (touched.length > 0) {
    throw new UserError(
      `the deploy of "${names.join('", "')}" also changed ${touched.join(', ')}: nothing else should change; check whether another deploy is running`,
    );
  }
}
