import type { Task } from '@aws-sdk/client-ecs';
import type { DesiredEcsService } from '../../ecs/desired-service';
import { commitOfRecord, isOurs, type LiveService } from '../../ecs/live-service';
import { nameOnEcs, type EcsScope } from '../../ecs/names';
import { ecsChanges } from '../../ecs/service-plan';
import type { EcsState } from '../../effects/ecs-state';
import type { EcsEnvironment } from '../../platform/ecs-environment';
import { elsewhere } from '../../platform/environment';
import type { Service } from '../../platform/platform';
import { STATUS_VERSION, type Health, type PlatformStatus, type ServiceStatus } from './document';
import {
  defined,
  earliest,
  elsewhereNotes,
  notPushed,
  pushedNothing,
  stateOf,
  wantedReplicas,
  worstHealth,
  type SharedFacts,
} from './shared-report';

/** What is declared, as far as it could be rendered. */
export interface DeclaredServices {
  /** Those that were pushed from here: the hash of a task definition covers its image. */
  services: ReadonlyMap<string, DesiredEcsService>;
  /** Why nothing could be rendered. */
  problem?: string;
}

/** Everything that a report of an environment on ECS is made from. */
export interface EcsStatusFacts extends SharedFacts {
  environment: EcsEnvironment;
  scope: EcsScope;
  state: EcsState;
  /** Tasks of the cluster that are to run; of other platforms too. */
  tasks: readonly Task[];
  declared: DeclaredServices;
}

/** Puts what ECS runs beside what is declared. */
export function reportEcs(facts: EcsStatusFacts): PlatformStatus {
  const { platform, environment, scope, state, declared, commit } = facts;
  const here = platform.services.filter(({ name }) => elsewhere(environment, name) === undefined);
  const strangers = [...state.services].filter(([, live]) => !isOurs(live, scope));
  return {
    version: STATUS_VERSION,
    platform: platform.name,
    environment: environment.name,
    project: scope.cluster,
    ...(commit === undefined ? {} : { commit }),
    services: here.map((service) => reportService(service, facts)),
    backing: [],
    left: [...state.left.keys()],
    notes: [
      ...elsewhereNotes(platform, environment),
      ...strangers.map(
        ([name]) =>
          `the service ${nameOnEcs(scope, name)} is somebody else's: it has no tags of ${scope.platform} in ${scope.environment}`,
      ),
      ...(declared.problem === undefined
        ? []
        : [`services were not compared: ${declared.problem}`]),
    ],
  };
}

function reportService(service: Service, facts: EcsStatusFacts): ServiceStatus {
  const { name, kind } = service;
  const { environment, scope, state, declared, pushed, built, commitsSince } = facts;
  const found = state.services.get(name);
  const live = found && isOurs(found, scope) ? found : undefined;
  const group = `service:${nameOnEcs(scope, name)}`;
  const tasks = live ? facts.tasks.filter((task) => task.group === group) : [];
  const running = tasks.filter(({ lastStatus }) => lastStatus === 'RUNNING');
  const wanted = wantedReplicas(service, environment.services[name], live?.described.desiredCount);
  const desired = declared.services.get(name);
  const wantedKey = pushed.get(name);
  const drift = live
    ? [
        ...(desired ? driftOf(desired, live) : []),
        ...(running.length === wanted ? [] : [`${running.length} of ${wanted} replicas`]),
        ...deploymentTroubles(live),
        ...tasks
          .filter((task) => healthOf(task, name, desired) === 'unhealthy')
          .map((task) => `${idOf(task)} is unhealthy`),
        ...notPushed(built.get(name), wantedKey),
      ]
    : ['not deployed', ...notPushed(built.get(name), wantedKey)];
  const isCompared = wantedKey !== undefined && desired !== undefined;
  const revision = commitOfRecord(live?.record);
  const commitsBehind = revision === undefined ? undefined : commitsSince.get(revision);
  return {
    name,
    kind,
    state: stateOf(live !== undefined, drift, isCompared),
    drift: isCompared || !live ? drift : [...drift, whyNotCompared(wantedKey, facts)],
    health: worstHealth(tasks.map((task) => healthOf(task, name, desired))),
    replicas: { running: running.length, wanted },
    ...defined({
      ...{ key: live?.record?.key, wantedKey, revision, commitsBehind },
      since: earliest(tasks.map(({ startedAt }) => isoOf(startedAt))),
    }),
    containers: tasks.map(idOf).sort(),
  };
}

/** All causes, not only the first. Values are never named. */
function driftOf(desired: DesiredEcsService, live: LiveService): string[] {
  const runs = live.record?.key.slice(0, 12) ?? 'unknown';
  return ecsChanges(desired, live).map(({ reason }) =>
    reason === 'another image' ? `image changed: ${runs} -> ${desired.key.slice(0, 12)}` : reason,
  );
}

/** What a task is to ECS: `arn:…:task/acme-production/7f3a…` -> `7f3a…` */
function idOf({ taskArn = '' }: Task): string {
  return taskArn.split('/').at(-1)!;
}

/** The health of its own container. ECS says `UNKNOWN` before the first check, and if there is none. */
function healthOf(
  { lastStatus, containers = [] }: Task,
  service: string,
  desired: DesiredEcsService | undefined,
): Health {
  if (lastStatus !== 'RUNNING') return 'starting';
  const { healthStatus } = containers.find(({ name }) => name === service) ?? {};
  if (healthStatus === 'HEALTHY') return 'healthy';
  if (healthStatus === 'UNHEALTHY') return 'unhealthy';
  const own = desired?.entry.taskDefinition.containerDefinitions?.find(
    ({ name }) => name === service,
  );
  return own?.healthCheck ? 'starting' : 'unchecked';
}

/** What the last deployment of ECS says, if it did not end well or goes on. */
function deploymentTroubles({ described: { deployments = [] } }: LiveService): string[] {
  const primary = deployments.find(({ status }) => status === 'PRIMARY');
  if (!primary) return ['it is being deleted'];
  const failed = primary.failedTasks ?? 0;
  const many = failed === 0 ? [] : [`${failed} of its tasks failed`];
  switch (primary.rolloutState) {
    case 'FAILED':
      return [`its last deployment failed: ${primary.rolloutStateReason ?? 'ECS ended it'}`];
    case 'IN_PROGRESS':
      return [['its deployment is going on', ...many].join(', and ')];
    default:
      return [];
  }
}

/** The CLI prints times with the zone of the machine. */
function isoOf(time: Date | string | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString();
}

function whyNotCompared(
  wantedKey: string | undefined,
  { environment, declared }: EcsStatusFacts,
): string {
  return wantedKey === undefined && declared.problem === undefined
    ? pushedNothing(environment)
    : 'it was not compared';
}
