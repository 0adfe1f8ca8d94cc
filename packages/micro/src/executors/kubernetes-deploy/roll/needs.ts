import { runKubectl } from '../../../effects/cluster';
import type { DesiredEntry } from '../../../kubernetes/desired-service';
import { changedObjects } from '../../../kubernetes/object-plan';
import type { ServicePlan } from '../../../kubernetes/service-plan';
import { UserError } from '../../../platform/user-error';
import { formatStep } from '../../../terminal/step';
import { tellOf } from '../../deploy-request';
import type { Run } from '../run';
import { applyObjects, applySecret } from './apply';
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
  const { cluster, environment } = run;
  await Promise.all(
    datastores.map(async ({ entry, objects, secret, action }) => {
      await giveSecret(run, entry, secret);
      await applyObjects({ cluster, say }, changedObjects(objects), `the objects of ${entry.name}`);
      if (action === 'left') return;
      // Jobs and new pods need it, whether it is new or not.
      const timeout = environment.healthTimeout;
      const { name } = entry;
      await watchRollout(run, { kind: 'StatefulSet', name, entry: name, timeout });
      if (action === 'create') say(formatStep(service, 'started', name));
    }),
  );
}

export async function runJobs(run: Run, { service, jobs }: ServicePlan): Promise<void> {
  const say = tellOf(run, service);
  const { cluster, environment } = run;
  for (const { entry, objects, secret, action } of jobs) {
    const name = objects[0]!.object.metadata!.name!;
    await giveSecret(run, entry, secret);
    if (action === 'again') {
      const args = ['delete', 'job', name, '--ignore-not-found', '--cascade=foreground'];
      await runKubectl(cluster, args, `Could not delete the failed Job ${name}`);
    }
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
      throw new UserError(`${error.message}\n${service} was not changed`);
    }
    say(formatStep(service, 'ran', entry.name));
  }
}
