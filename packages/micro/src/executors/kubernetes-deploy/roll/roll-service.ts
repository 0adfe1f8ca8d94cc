import type { ClusterState } from '../../../effects/cluster-state';
import { Interrupted } from '../../../effects/interruption';
import type { LiveObject } from '../../../kubernetes/live-object';
import { changedObjects } from '../../../kubernetes/object-plan';
import type { ServicePlan } from '../../../kubernetes/service-plan';
import { UserError } from '../../../platform/user-error';
import { tellOf } from '../../deploy-request';
import type { Run } from '../run';
import { applyObjects, deleteObjects, handOverReplicas } from './apply';
import { endCanary, startCanary } from './canary';
import { giveSecret, runJobs, startDatastores } from './needs';
import { undoRoll } from './undo';
import { watchRollout } from './watch';

/** Rolls one service. @throws {UserError} if it failed; then the service runs as before. */
export async function rollService(run: Run, plan: ServicePlan, state: ClusterState): Promise<void> {
  if (plan.action === 'keep') return;
  if (plan.action === 'canary') return startCanary(run, plan, state);
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
    await endCanary(run, plan, state);
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
