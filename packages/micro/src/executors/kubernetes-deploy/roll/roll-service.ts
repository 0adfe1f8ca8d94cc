import type { ClusterState } from '../../../effects/cluster-state';
import { Interrupted } from '../../../effects/interruption';
import { changedObjects } from '../../../kubernetes/object-plan';
import type { ServicePlan } from '../../../kubernetes/service-plan';
import { UserError } from '../../../platform/user-error';
import { tellOf } from '../../deploy-request';
import type { Run } from '../run';
import { applyService, deleteObjects } from './apply';
import { endCanary, startCanary } from './canary';
import { giveSecret, runJobs, startDatastores } from './needs';
import { handOver } from './replicas';
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
    const to = objects.map(({ object }) => object);
    await handOver(run.cluster, { service, to, from: plan.current?.objects }, state);
    await applyService(applying, changedObjects(objects), `the objects of ${service}`);
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
