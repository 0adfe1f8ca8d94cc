import type { CommitCheck } from '../deployment/commit';
import { parseImageReference } from '../platform/image-reference';
import type { DesiredEcsService } from './desired-service';
import { NONE, revisionOf, type LiveService, type ServiceRecord } from './live-service';

/** What a deploy does with a service. `change` starts no new task unless ECS does it for a setting. */
export type EcsAction = 'create' | 'update' | 'change' | 'keep';

/** What is to be done for one service, and why. */
export interface OwnEcsPlan {
  service: string;
  action: EcsAction;
  reason: string;
  desired: DesiredEcsService;
  live?: LiveService | undefined;
  current?: ServiceRecord | undefined;
  /** Whether its jobs run first. */
  runsJobs: boolean;
  /** Whether its autoscaler is written (`put`), or taken away. */
  autoscaler?: 'put' | 'remove';
}

export interface EcsServicePlan extends OwnEcsPlan {
  commit?: (CommitCheck & { isRefused: boolean }) | undefined;
  /** Services that it consumes and that are not there. */
  missing: readonly string[];
  /** Services of the run that are deployed before it. */
  after: readonly string[];
}

/** What a whole run does, in the order in which services are deployed. */
export interface EcsPlan {
  environment: string;
  region: string;
  cluster: string;
  rollback: boolean;
  services: readonly EcsServicePlan[];
  /** Services that left the workspace and still run, by their names there. */
  left: ReadonlyMap<string, LiveService>;
  /** Whether those are deleted. */
  prune: boolean;
}

/** Compares what is to run with what ECS has. */
export function planEcsService(
  desired: DesiredEcsService,
  live: LiveService | undefined,
): OwnEcsPlan {
  const { service, hashes, release } = desired;
  const current = live?.record;
  const { action, reason } = release ? decideRelease(release, live) : decide(desired, live);
  const before = current?.hashes.autoscaler ?? NONE;
  const isSame = before === hashes.autoscaler;
  const put = hashes.autoscaler === NONE ? 'remove' : 'put';
  const hasJobs = desired.jobs.length > 0;
  return {
    ...{ service, action, reason, desired, live, current },
    runsJobs: !release && hasJobs && action !== 'keep' && current?.hashes.jobs !== hashes.jobs,
    ...(isSame || release ? {} : { autoscaler: put }),
  };
}

function decideRelease(
  { revision }: { revision: number },
  live: LiveService | undefined,
): Pick<OwnEcsPlan, 'action' | 'reason'> {
  const runs = revisionOf(live?.described.taskDefinition);
  if (runs === revision) return { action: 'keep', reason: `r${revision} is running` };
  return { action: 'update', reason: `back to r${revision} from r${runs}` };
}

function decide(
  desired: DesiredEcsService,
  live: LiveService | undefined,
): Pick<OwnEcsPlan, 'action' | 'reason'> {
  if (!live) return { action: 'create', reason: 'it is not there' };
  const [first] = ecsChanges(desired, live);
  return first ?? { action: 'keep', reason: 'nothing changed' };
}

/** By what a service is not as it is declared, what weighs most first. */
export function ecsChanges(
  { key, image, hashes, entry }: DesiredEcsService,
  { record, described }: LiveService,
): { action: 'update' | 'change'; reason: string }[] {
  if (!record) return [{ action: 'update', reason: 'no deploy to it has ended well' }];
  const runs = revisionOf(described.taskDefinition);
  const { digest } = parseImageReference(image);
  const isSameImage = record.key === key && record.digest === (digest ?? record.digest);
  const { desiredCount } = entry.createService;
  const found: [differs: boolean, action: 'update' | 'change', reason: string][] = [
    [
      runs !== record.revision,
      'update',
      `revision ${runs} of its task definition was set, and the last deploy set ${record.revision}`,
    ],
    [
      record.hashes.task !== hashes.task,
      'update',
      isSameImage ? 'another task definition' : 'another image',
    ],
    [record.hashes.service !== hashes.service, 'change', 'other settings of the service'],
    [record.hashes.autoscaler !== hashes.autoscaler, 'change', 'another autoscaler'],
    [
      !entry.autoscaler && described.desiredCount !== desiredCount,
      'change',
      `${described.desiredCount} tasks were asked for, and ${desiredCount} are declared`,
    ],
  ];
  return found.flatMap(([differs, action, reason]) => (differs ? [{ action, reason }] : []));
}

/** Whether everything is up to date, so that the run writes nothing. */
export function ecsChangesNothing({
  services,
  left,
  prune,
}: Pick<EcsPlan, 'services' | 'left' | 'prune'>): boolean {
  return services.every(({ action }) => action === 'keep') && !(prune && left.size > 0);
}

/** The calls that a plan makes for a service, by their names in the CLI. */
export function callsOf({ action, runsJobs, desired, autoscaler }: OwnEcsPlan): string[] {
  if (action === 'keep') return [];
  return [
    ...(runsJobs ? desired.jobs.flatMap(() => ['register-task-definition', 'run-task']) : []),
    ...(action === 'change' || desired.release ? [] : ['register-task-definition']),
    action === 'create' ? 'create-service' : 'update-service',
    ...(autoscaler === 'put' ? ['register-scalable-target', 'put-scaling-policy'] : []),
    ...(autoscaler === 'remove' ? ['deregister-scalable-target'] : []),
    'tag-resource',
  ];
}
