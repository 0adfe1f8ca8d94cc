import { discardKeepingVolumesArguments } from '../../../docker/container';
import { runDocker } from '../../../effects/engine';
import type { Run } from '../run';
import type { ServicePlan } from '../../../deployment/run-plan';
import type { Container } from '../../../deployment/container';

/**
 * Removes containers of what is to be started that an earlier deploy made and could not start, for example since a port
 * was taken. Compose would start them as they were made then, whatever the files say by now.
 */
export async function removeNeverStarted(
  { runner, address }: Pick<Run, 'runner' | 'address'>,
  containers: readonly Container[],
  services: readonly Pick<ServicePlan, 'starts'>[],
): Promise<void> {
  const starts = new Set(services.flatMap((one) => one.starts));
  const found = containers.filter(
    ({ service, state }) => state === 'created' && starts.has(service),
  );
  if (found.length === 0) return;
  const names = found.map(({ name }) => name).join(', ');
  const ids = found.map(({ id }) => id);
  const what = `Could not remove ${names}, which an earlier deploy could not start`;
  await runDocker(runner, discardKeepingVolumesArguments(ids), address, what);
}
