import type { DeployPlan } from './plan';
import type { CanaryPlan } from './canary-plan';
import type { Release } from './release';
import { canaryName } from '../platform/canary';
import type { Container } from './container';
import type { EdgePlan } from './edge-plan';
import { DEPLOY_LABELS } from './labels';
import type { CommitCheck } from './commit';
import type { DesiredState } from './desired-state';

/** A container of a datastore or the broker whose image changed. A deploy does not replace it. */
export interface Outdated {
  name: string;
  /** Its name in the compose file. */
  service: string;
  /** The image that it runs. */
  image: string;
  /** The image in its entry. */
  wanted: string;
}

/** What a run does for one service. */
export interface ServicePlan {
  service: string;
  desired: DesiredState;
  plan: DeployPlan;
  /** The release that is running. */
  current: Release | undefined;
  /** The running commit; absent if it is unknown, and for a rollback. */
  commit?: CommitCheck & {
    /** Whether image, entry and number of containers stay the same. */
    isSame: boolean;
    isRefused: boolean;
  };
  /** Containers that an interrupted deploy stopped, and that are started again first. */
  revived: readonly Container[];
  /** Datastores and the broker that it needs and that do not run. */
  starts: readonly string[];
  /** Services that it consumes, that do not run, and that this command does not deploy either. */
  missing: readonly string[];
  /** Services of the run that are rolled before it. */
  after: readonly string[];
  /** What to know about its port or those of the services that it calls. */
  notes?: readonly string[];
}

/** What a whole run does, in the order in which services are rolled. */
export interface RunPlan {
  environment: string;
  project: string;
  rollback: boolean;
  services: readonly ServicePlan[];
  /** What becomes of canaries of the run's services. */
  canaries: readonly CanaryPlan[];
  edge: EdgePlan;
  /** Each once, whichever services need it. */
  outdated: readonly Outdated[];
  /** Services on the engine that are no longer in the workspace. */
  left: readonly string[];
  prune: boolean;
}

/** Whether everything is up to date, so that the run changes nothing. */
export function changesNothing({ services, canaries, edge, left, prune }: RunPlan): boolean {
  const isKept = services.every(
    ({ plan, starts, revived }) =>
      plan.kind === 'keep' &&
      plan.leftovers.length === 0 &&
      starts.length === 0 &&
      revived.length === 0,
  );
  const endsCanary = canaries.some(({ action }) => action === 'promote' || action === 'abort');
  const isEdgeKept = edge.kind === 'none' || edge.kind === 'keep';
  return isKept && !endsCanary && isEdgeKept && !(prune && left.length > 0);
}

/** Containers of services that this plugin deployed and that are no longer in a compose file, and of their canaries. */
export function leftContainers(
  containers: readonly Container[],
  names: readonly string[],
): Container[] {
  const known = new Set([...names, ...names.map(canaryName)]);
  return containers.filter(
    ({ service, labels }) => labels[DEPLOY_LABELS.environment] !== undefined && !known.has(service),
  );
}
