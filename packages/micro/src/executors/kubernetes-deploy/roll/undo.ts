import type { ClusterState } from '../../../effects/cluster-state';
import { runKubectl } from '../../../effects/cluster';
import { desiredRelease } from '../../../kubernetes/desired-service';
import { identityOf } from '../../../kubernetes/live-object';
import { planObject } from '../../../kubernetes/object-plan';
import { REVISION } from '../../../kubernetes/rollout';
import type { ClusterRelease } from '../../../kubernetes/release-book';
import { servingCanary, withShare, type ServicePlan } from '../../../kubernetes/service-plan';
import { UserError } from '../../../platform/user-error';
import { tellOf } from '../../deploy-request';
import type { Run } from '../run';
import { applyService, deleteObjects } from './apply';
import { lookTogether } from './look';
import { handOver } from './replicas';
import { watchRollout } from './watch';

/** What is true whatever was taken back: the cluster removes a pod only once a new one is ready. */
const MEANWHILE =
  'Meanwhile the cluster goes on by itself: the new pods serve if they become ready, or else the pods before them. Deploy again, or go back with --rollback';

/** Takes back what a failed roll changed. @returns what runs now, in words. */
export async function undoRoll(run: Run, plan: ServicePlan, state: ClusterState): Promise<string> {
  const { service, current, desired } = plan;
  try {
    if (current) return await backTo(run, plan, current, state);
    const { cluster } = run.undo;
    if (plan.action === 'create') {
      const made = plan.objects.filter(({ kind }) => kind === 'create').map(({ object }) => object);
      await deleteObjects(cluster, made, `the objects of ${service}`);
      return `${service} did not run before, so its objects were removed`;
    }
    if (plan.action === 'watch') return `${service} has no earlier release to go back to`;
    // It was applied by somebody else, so only the cluster knows what ran. If nothing was applied, nothing changes.
    const before = state.live.get(`Deployment/${service}`)?.metadata.annotations?.[REVISION];
    if (before === undefined) return `${service} has no earlier pods to go back to`;
    const args = ['rollout', 'undo', `deployment/${service}`, `--to-revision=${before}`];
    await runKubectl(cluster, args, 'Could not go back');
    return `${service} went back to the pods that ran before (${desired.image} did not start)`;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `${service} could not be taken back: ${error.message}. ${MEANWHILE}`;
  }
}

async function backTo(
  run: Run,
  plan: ServicePlan,
  current: ClusterRelease,
  state: ClusterState,
): Promise<string> {
  const { service, desired } = plan;
  const isSame = current.hash === desired.hash && current.secretName === desired.entry.secretName;
  if (isSame && plan.action === 'watch') {
    return `${service} is r${current.number}, which ran before too: --rollback goes back to an earlier one`;
  }
  const { cluster, clock } = run.undo;
  // Somebody may have deleted the Secret of that time.
  const isThere = current.secretName === undefined || state.secrets.has(current.secretName);
  const secretName = isThere ? current.secretName : desired.entry.secretName;
  const { entry } = desiredRelease(service, current, secretName);
  // A canary that could not be promoted keeps its requests.
  const share = plan.canary?.action === 'promote' ? servingCanary(service, state) : undefined;
  const declaredThen = withShare(entry.objects, service, share);
  const objects = declaredThen.map((object) => planObject(object, new Map()).object);
  const say = tellOf(run, service);
  // What failed may have declared a number of pods, and have taken it from the autoscaler.
  await handOver(cluster, { service, to: objects, from: desired.entry.objects }, state);
  await applyService({ cluster, say }, objects, `r${current.number} of ${service}`);
  const declared = new Set(objects.map(identityOf));
  const added = plan.objects
    .filter(({ kind, object }) => kind === 'create' && !declared.has(identityOf(object)))
    .map(({ object }) => object);
  await deleteObjects(cluster, added, `what the failed release of ${service} added`);
  const look = lookTogether(cluster, run.scope);
  const timeout = run.environment.healthTimeout;
  const watched = { kind: 'Deployment' as const, name: service, entry: service, timeout };
  const release = `r${current.number} as before (${current.image})`;
  try {
    await watchRollout({ cluster, clock, look }, watched);
    return `${service} runs ${release}`;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `${service} was set to ${release}, but not all of its pods are ready: ${error.message}`;
  }
}
