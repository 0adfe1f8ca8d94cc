import { runKubectl } from '../../../effects/cluster';
import type { Pod } from '../../../kubernetes/pod-trouble';
import { UserError } from '../../../platform/user-error';
import type { Run } from '../run';

/**
 * Deletes a Job of which nothing has run yet, such as one whose image cannot be pulled. It would start by itself later,
 * once it can, when nobody watches it, and change the data of a service that has stayed as it was.
 */
export async function deleteUnstarted(
  run: Pick<Run, 'undo' | 'look'>,
  name: string,
  entry: string,
): Promise<void> {
  try {
    await deleteIfUnstarted(run, name, entry);
  } catch (error) {
    // Why the Job failed is worth more; the next run finds what is left.
    if (!(error instanceof UserError)) throw error;
  }
}

async function deleteIfUnstarted(
  { undo: { cluster }, look }: Pick<Run, 'undo' | 'look'>,
  name: string,
  entry: string,
): Promise<void> {
  const objects = await look(entry);
  const job = objects.find((one) => one.kind === 'Job' && one.metadata.name === name);
  if (!job) return;
  const pods = objects.filter(
    ({ kind, metadata }) =>
      kind === 'Pod' && metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid),
  );
  if (pods.some((pod) => hasRun(pod as Pod))) return;
  const args = ['delete', 'job', name, '--ignore-not-found', '--cascade=background'];
  await runKubectl(cluster, args, `Could not delete the Job ${name}, which has not started`);
}

function hasRun({ status }: Pod): boolean {
  return (status?.containerStatuses ?? []).some(
    ({ state, lastState }) => state?.running ?? state?.terminated ?? lastState?.terminated,
  );
}
