import type { ClusterState } from '../../../effects/cluster-state';
import { Interrupted } from '../../../effects/interruption';
import { runKubectl } from '../../../effects/cluster';
import type { DesiredEntry } from '../../../kubernetes/desired-service';
import type { LiveObject } from '../../../kubernetes/live-object';
import { changedObjects } from '../../../kubernetes/object-plan';
import type { ServicePlan } from '../../../kubernetes/service-plan';
import { UserError } from '../../../platform/user-error';
import { formatStep } from '../../../terminal/step';
import { tellOf } from '../../deploy-request';
import type { Run } from '../run';
import { applyObjects, applySecret, deleteObjects, handOverReplicas } from './apply';
import { undoRoll } from './undo';
import { watchRollout } from './watch';

/** Entries whose Secret or datastore is given once, whoever needs them first. */
export type Once = Map<string, Promise<void>>;

/** Rolls one service. @throws {UserError} if it failed; then the service runs as before. */
export async function rollService(run: Run, plan: ServicePlan, state: ClusterState): Promise<void> {
  if (plan.action === 'keep') return;
  const { service, desired, objects, obsolete } = plan;
  await startDatastores(run, plan);
  await runJobs(run, plan);
  const applying = { cluster: run.cluster, say: tellOf(run, service) };
  try {
    // One that stays would go on deciding how many pods there are.
    const autoscalers = obsolete.filter(({ kind }) => kind === 'HorizontalPodAutoscaler');
    await deleteObjects(run.cluster, autoscalers, `the autoscaler of ${service}`);
    await giveSecret(run, desired.entry, plan.secret);
    await handOver(run, plan, state);
    await applyObjects(applying, changedObjects(objects), `the objects of ${service}`);
    const timeout = run.environment.healthTimeout;
    await watchRollout(run, { kind: 'Deployment', name: service, entry: service, timeout });
    const rest = obsolete.filter((one) => !autoscalers.includes(one));
    await deleteObjects(run.cluster, rest, `what ${service} declares no more`);
  } catch (error) {
    const failure = run.interruption.signal.aborted
      ? (run.interruption.signal.reason as Error)
      : error;
    if (!(failure instanceof UserError)) throw failure;
    const after = await undoRoll(run, plan, state);
    const message =
      failure instanceof Interrupted ? `${service}: ${failure.message}` : failure.message;
    throw new UserError(`${message}\n${after}`);
  }
}

async function giveSecret(
  run: Run,
  { name: entry, secretName: name }: DesiredEntry,
  isMissing: boolean,
): Promise<void> {
  if (!isMissing || name === undefined) return;
  const values = run.secrets.get(name)!;
  const applying = { cluster: run.cluster, say: tellOf(run, entry) };
  await applySecret(applying, run.scope, { entry, name }, values);
}

async function startDatastores(run: Run, { service, datastores }: ServicePlan): Promise<void> {
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

async function runJobs(run: Run, { service, jobs }: ServicePlan): Promise<void> {
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

interface Scaled {
  spec?: { replicas?: number };
}

/** If the number of pods is declared no more, an autoscaler decides about it from now on. */
async function handOver(run: Run, { service, objects, current }: ServicePlan, state: ClusterState) {
  const isDeployment = ({ kind }: { kind?: string }) => kind === 'Deployment';
  const declared = objects.map(({ object }) => object).find(isDeployment) as Scaled | undefined;
  const live = state.live.get(`Deployment/${service}`) as (LiveObject & Scaled) | undefined;
  const before = current?.objects.find(isDeployment) as Scaled | undefined;
  const wasOurs = before === undefined || before.spec?.replicas !== undefined;
  const replicas = live?.spec?.replicas;
  if (declared?.spec?.replicas !== undefined || replicas === undefined || !wasOurs) return;
  await handOverReplicas(run.cluster, service, replicas);
}
