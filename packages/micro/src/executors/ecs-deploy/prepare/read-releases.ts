import type { Tag, TaskDefinition } from '@aws-sdk/client-ecs';
import { runAws } from '../../../effects/aws';
import type { EcsState } from '../../../effects/ecs-state';
import { desiredEcsRelease, type DesiredEcsService } from '../../../ecs/desired-service';
import type { ServiceRecord } from '../../../ecs/live-service';
import { nameOnEcs } from '../../../ecs/names';
import { UserError } from '../../../platform/user-error';
import { attempt } from '../../deploy-failures';
import type { Run } from '../run';

/** What a rollback deploys, for each service that has such a release. */
export async function readReleases(
  run: Run,
  { services }: EcsState,
): Promise<Map<string, DesiredEcsService>> {
  const found = new Map<string, DesiredEcsService>();
  for (const { service } of run.tasks) {
    const { name } = service;
    const live = services.get(name);
    const desired = await attempt(run, name, async () => {
      const revision = wantedRevision(run, name, live?.record);
      const taskDefinition = `${nameOnEcs(run.scope, name)}:${revision}`;
      const answer = await runAws<{ taskDefinition: TaskDefinition; tags?: Tag[] }>(
        run.aws,
        [
          ...['ecs', 'describe-task-definition', '--task-definition', taskDefinition],
          ...['--include', 'TAGS'],
        ],
        `Could not look at r${revision} of ${name}`,
      );
      return desiredEcsRelease(name, live!, answer);
    });
    if (desired) found.set(name, desired);
  }
  return found;
}

/** @throws {UserError} if there is no such release. */
function wantedRevision(
  { mode, environment }: Run,
  service: string,
  record: ServiceRecord | undefined,
): number {
  const { destination } = mode;
  const to = destination.kind === 'release' ? destination.to : undefined;
  const releases = record?.releases ?? [];
  const known = releases.map((one) => `r${one}`).join(', ') || 'none';
  const wanted =
    to === undefined
      ? releases.filter((one) => one < (record?.revision ?? 0)).at(-1)
      : releases.find((one) => to.replace(/^r/, '') === String(one));
  if (wanted !== undefined) return wanted;
  const which =
    to === undefined
      ? `release of ${service} before r${record?.revision ?? 0} to go back to`
      : `release "${to}" of ${service}`;
  throw new UserError(`${environment.name} has no ${which}; it has ${known}`);
}
