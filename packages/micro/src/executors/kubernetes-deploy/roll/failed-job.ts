import { runKubectl } from '../../../effects/cluster';
import { UserError } from '../../../platform/user-error';
import type { Run } from '../run';

const GONE_SECONDS = 30;
const LOOK_MILLISECONDS = 1000;

/**
 * Deletes a Job that failed, and waits until its pods are gone, too: a pod of it that still runs would change the same
 * data as that of the next Job. It looks by itself: kubectl would wait without end, and look more and more rarely for a
 * user who may not watch Jobs.
 *
 * @throws {UserError} if they do not go.
 */
export async function deleteFailed(
  { cluster, clock }: Pick<Run, 'cluster' | 'clock'>,
  name: string,
): Promise<void> {
  const found = ['job', name, '--ignore-not-found'];
  const what = `Could not delete the failed Job ${name}`;
  await runKubectl(cluster, ['delete', ...found, '--cascade=foreground', '--wait=false'], what);
  const until = clock.now() + GONE_SECONDS * 1000;
  for (;;) {
    const { stdout } = await runKubectl(cluster, ['get', ...found, '--output', 'name'], what);
    if (stdout.trim() === '') return;
    if (clock.now() >= until) break;
    await clock.sleep(LOOK_MILLISECONDS);
  }
  throw new UserError(
    `the failed Job ${name} was not gone within ${GONE_SECONDS} s: its pod does not end. A node that died keeps its pods until it is back, or is deleted: see "kubectl --context ${cluster.context} get nodes"`,
  );
}
