import { changesBroker, type ClusterPlan } from '../../../kubernetes/cluster-plan';
import type { DesiredEntry } from '../../../kubernetes/desired-service';
import { changedObjects } from '../../../kubernetes/object-plan';
import type { DatastorePlan, ServicePlan } from '../../../kubernetes/service-plan';
import { UserError } from '../../../platform/user-error';
import { formatStep } from '../../../terminal/step';
import { tellOf } from '../../deploy-request';
import type { Run } from '../run';
import { applyObjects, applySecret } from './apply';
import { deleteFailed } from './failed-job';
import { deleteUnstarted } from './unstarted-job';
import { watchRollout } from './watch';

export async function giveSecret(
  run: Run,
  { name: entry, secretName: name }: DesiredEntry,
  isMissing: boolean,
): Promise<void> {
  if (!isMissing || name === undefined) return;
  const values = run.secrets.get(name)!;
  const applying = { cluster: run.cluster, say: tellOf(run, entry) };
  await applySecret(applying, run.scope, { entry, name }, values);
}

export async function startDatastores(
  run: Run,
  { service, datastores }: ServicePlan,
): Promise<void> {
  const say = tellOf(run, service);
  await Promise.all(datastores.map((datastore) => startStateful(run, service, datastore, say)));
}

/** @param of whose line says that it was started. */
async function startStateful(
  run: Run,
  of: string,
  { entry, objects, secret, action }: DatastorePlan,
  say: (line: string) => void,
): Promise<void> {
  const { name } = entry;
  await giveSecret(run, entry, secret);
  await applyObjects(
    { cluster: run.cluster, say },
    changedObjects(objects),
    `the objects of ${name}`,
  );
  if (action === 'left') return;
  // Jobs and new pods need it, whether it is new or not.
  const timeout = run.environment.healthTimeout;
  await watchRollout(run, { kind: 'StatefulSet', name, entry: name, timeout });
  if (action === 'create') say(formatStep(of, 'started', name));
}

/**
 * Starts or changes the broker, which several services wait for.
 * @returns why it did not start; it never rejects, since nobody may be waiting then.
 */
export async function startBroker(
  run: Run,
  { broker, services }: ClusterPlan,
): Promise<Error | undefined> {
  const users = services.filter(
    ({ service }) => broker?.users.includes(service) && !run.failures.has(service),
  );
  const isNeeded = users.some(({ action }) => action !== 'keep');
  if (!broker || users.length === 0 || !(isNeeded || changesBroker(broker))) return undefined;
  try {
    await startStateful(run, run.environment.name, broker, run.tell);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

export async function runJobs(run: Run, { service, jobs }: ServicePlan): Promise<void> {
  const say = tellOf(run, service);
  const { cluster, environment } = run;
  for (const { entry, objects, secret, action } of jobs) {
    const name = objects[0]!.object.metadata!.name!;
    await giveSecret(run, entry, secret);
    if (action === 'again') await deleteFailed(run, name);
    if (action !== 'wait') {
      await applyObjects(
        { cluster, say },
        objects.map(({ object }) => object),
        `the Job ${name}`,
      );
    }
    const timeout = environment.jobTimeout;
    try {
      await watchRollout(run, { kind: 'Job', name, entry: entry.name, timeout });
    } catch (error) {
      if (!(error instanceof UserError) || run.interruption.signal.aborted) throw error;
      await deleteUnstarted(run, name, entry.name);
      throw new UserError(`${error.message}\n${service} was not changed`);
    }
    say(formatStep(service, 'ran', entry.name));
  }
}
