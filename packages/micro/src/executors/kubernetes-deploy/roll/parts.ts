import type { ClusterPlan } from '../../../kubernetes/cluster-plan';
import { changedObjects } from '../../../kubernetes/object-plan';
import { changesPart, isWorkload, type PartPlan } from '../../../kubernetes/part-plan';
import { UserError } from '../../../platform/user-error';
import { formatList, formatStep } from '../../../terminal/step';
import { attempt } from '../../deploy-failures';
import type { Run } from '../run';
import { applyObjects, deleteObjects } from './apply';
import { giveSecret } from './needs';
import { watchRollout } from './watch';

/** Starts and changes what observes the platform, beside its services. It never rejects: why a part failed is noted. */
export async function rollParts(run: Run, { parts }: ClusterPlan): Promise<void> {
  const failing = { failures: run.partFailures };
  const rolls = parts
    .filter(changesPart)
    .map((part) => attempt(failing, part.entry.name, () => rollPart(run, part)));
  await Promise.all(rolls);
}

async function rollPart(run: Run, part: PartPlan): Promise<void> {
  const { entry, objects, secret, obsolete, action } = part;
  const { name } = entry;
  const { cluster, environment, tell } = run;
  await giveSecret(run, entry, secret);
  await applyObjects({ cluster, say: tell }, changedObjects(objects), `the objects of ${name}`);
  const workload = objects.find(({ object }) => isWorkload(object));
  if (workload && workload.kind !== 'keep') {
    const kind = workload.object.kind as 'Deployment' | 'StatefulSet';
    const timeout = environment.healthTimeout;
    await watchRollout(run, { kind, name, entry: name, timeout });
  }
  // Pods of before may need them until here.
  await deleteObjects(cluster, obsolete, `what ${name} needs no more`);
  tell(formatStep(name, action === 'create' ? 'started' : 'changed', `in ${environment.name}`));
}

/** @throws {UserError} with what happened to parts, once the services are where they should be. */
export function throwPartFailures({ partFailures }: Pick<Run, 'partFailures'>): void {
  if (partFailures.size === 0) return;
  for (const error of partFailures.values()) if (!(error instanceof UserError)) throw error;
  throw new UserError(
    [
      `observability was not deployed as declared (${formatList([...partFailures.keys()])}); services are not affected by it`,
      ...new Set([...partFailures.values()].map(({ message }) => message)),
    ].join('\n'),
  );
}
