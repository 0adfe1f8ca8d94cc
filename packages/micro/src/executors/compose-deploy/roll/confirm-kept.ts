import type { RunPlan } from '../../../deployment/run-plan';
import { noteConfirmed } from '../../../effects/confirmed-commits';
import type { Rolled } from '../deploy-one';
import type { Facts, Run } from '../run';

/** Records that containers that were kept match this commit too, so that an older commit may not replace them. */
export async function confirmKept(
  run: Run,
  { services }: RunPlan,
  rolled: ReadonlyMap<string, Rolled>,
  { confirmed }: Facts,
): Promise<void> {
  const { commit, mode } = run;
  const { kind } = mode.destination;
  if (!commit || kind === 'release' || kind === 'promote') return;
  const now = new Map(confirmed);
  for (const { service, commit: check } of services) {
    const done = rolled.get(service);
    if (!done || run.failures.has(service)) continue;
    if (!done.kept) now.delete(service);
    else if (!check || check.relation === 'older') {
      now.set(service, { release: done.release.number, commit });
    }
  }
  const isSame =
    now.size === confirmed.size && [...now].every(([name, it]) => confirmed.get(name) === it);
  if (!isSame) await noteConfirmed({ ...run.book, runner: run.undo.runner }, now);
}
