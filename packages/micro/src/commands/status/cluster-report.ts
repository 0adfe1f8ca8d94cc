import { datastoresOf, ownEntries, platformBroker } from '../../compose/datastore';
import { formatHeader } from '../../deployment/canary';
import { usesBroker } from '../../kubernetes/broker-entry';
import { leftObjects, planBroker } from '../../kubernetes/cluster-plan';
import type { ClusterState } from '../../effects/cluster-state';
import { canaryName } from '../../platform/canary';
import type { DesiredEntry, DesiredService } from '../../kubernetes/desired-service';
import { byEntry } from '../../kubernetes/live-object';
import { KEY_ANNOTATION, type KubernetesObject } from '../../kubernetes/object';
import { changesImage, planObject, type ObjectPlan } from '../../kubernetes/object-plan';
import { pausedReplicas } from '../../kubernetes/pause';
import { isReady, isRunning, podTrouble, type Pod } from '../../kubernetes/pod-trouble';
import { currentRevision } from '../../kubernetes/release-book';
import { planPart, whyPart, type PartPlan } from '../../kubernetes/part-plan';
import { planService, type DatastorePlan } from '../../kubernetes/service-plan';
import { elsewhere } from '../../platform/environment';
import type { KubernetesEnvironment } from '../../platform/kubernetes-environment';
import type { Service } from '../../platform/platform';
import {
  STATUS_VERSION,
  type BackingStatus,
  type Health,
  type PlatformStatus,
  type ServiceStatus,
} from './document';
import {
  describeCanary,
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
export interface DeclaredObjects {
  /** Of each service that has an image, with the names of the Secrets that its pods have now. */
  services: ReadonlyMap<string, DesiredService>;
  shared: readonly KubernetesObject[];
  /** What observes the platform. */
  parts: readonly DesiredEntry[];
  /** Why nothing could be rendered. */
  problem?: string;
}

/** Everything that a report of a cluster is made from. */
export interface ClusterStatusFacts extends SharedFacts {
  environment: KubernetesEnvironment;
  state: ClusterState;
  pods: readonly Pod[];
  declared: DeclaredObjects;
  namespace: string;
  /** The names of what observes the platform in the environment. */
  parts: readonly string[];
  now: number;
}

/** Puts what a cluster runs beside what is declared. */
export function reportCluster(facts: ClusterStatusFacts): PlatformStatus {
  const { platform, environment, state, declared, namespace, commit } = facts;
  const here = platform.services.filter(({ name }) => elsewhere(environment, name) === undefined);
  const inCluster = environment.datastores === 'in-cluster';
  const broker = platformBroker(platform);
  const backing = [
    ...(inCluster ? here.flatMap(datastoresOf) : []),
    ...(broker && here.some((service) => usesBroker(environment, service)) ? [broker] : []),
  ];
  const podsOf = byEntry(facts.pods);
  const plans = new Map(
    [...declared.services].map(([name, desired]) => [name, planService(desired, state)]),
  );
  const plannedBroker = planBroker([...declared.services.values()], state);
  const plannedBacking = new Map(
    [
      ...[...plans.values()].flatMap(({ datastores }) => datastores),
      ...(plannedBroker ? [plannedBroker] : []),
    ].map((one) => [one.entry.name, one]),
  );
  return {
    version: STATUS_VERSION,
    platform: platform.name,
    environment: environment.name,
    project: namespace,
    ...(commit === undefined ? {} : { commit }),
    services: here.map((service) => reportService(service, plans.get(service.name), podsOf, facts)),
    backing: [
      ...backing.map(({ name, engine }) =>
        reportBacking(name, engine, plannedBacking.get(name), podsOf.get(name) ?? [], facts),
      ),
      ...declared.parts.map((part) =>
        reportBacking(
          part.name,
          'observability',
          planPart(part, state),
          podsOf.get(part.name) ?? [],
          facts,
        ),
      ),
      ...declared.shared.flatMap((object) => reportShared(planObject(object, state.live))),
    ],
    left: [
      ...leftObjects(state.objects, new Set([...ownEntries(platform), ...facts.parts])).keys(),
    ],
    notes: [
      ...elsewhereNotes(platform, environment),
      ...(declared.problem === undefined ? [] : [`objects were not compared: ${declared.problem}`]),
    ],
  };
}

type Plan = ReturnType<typeof planService>;

interface Deployment {
  spec?: { replicas?: number };
  metadata: { annotations?: Record<string, string> };
}

function reportService(
  service: Service,
  plan: Plan | undefined,
  podsOf: ReadonlyMap<string | undefined, readonly Pod[]>,
  facts: ClusterStatusFacts,
): ServiceStatus {
  const { name, kind } = service;
  const { state, environment, pushed, built, commitsSince, now } = facts;
  const found = state.live.get(`Deployment/${name}`);
  const live = found as Deployment | undefined;
  const paused = found && pausedReplicas(found);
  const pods = serving(podsOf.get(name) ?? []);
  const canaryPods = serving(podsOf.get(canaryName(name)) ?? []);
  const canary = reportCanary(name, canaryPods, facts);
  const key = live?.metadata.annotations?.[KEY_ANNOTATION];
  const wantedKey = pushed.get(name);
  const wanted =
    paused ?? wantedReplicas(service, environment.services[name], live?.spec?.replicas);
  const running = pods.filter(isRunning).length;
  const revision = currentRevision(state.books.get(name));
  const drift = [
    ...(plan && live ? driftOf(plan, key) : []),
    ...(live && running !== wanted ? [`${running} of ${wanted} replicas`] : []),
    ...(paused === undefined ? [] : [PAUSED]),
    ...(live ? troublesOf(pods, now) : ['not deployed']),
    ...(canary ? [describeCanary(canary), ...troublesOf(canaryPods, now)] : []),
    ...notPushed(built.get(name), wantedKey),
  ];
  const isCompared = wantedKey !== undefined && plan !== undefined;
  const commitsBehind = revision === undefined ? undefined : commitsSince.get(revision);
  return {
    name,
    kind,
    state: stateOf(live !== undefined, drift, isCompared),
    drift: isCompared || !live ? drift : [...drift, whyNotCompared(wantedKey, facts)],
    health: healthOf(pods, now),
    replicas: { running, wanted },
    ...defined({ key, wantedKey, revision, commitsBehind, canary, since: sinceOf(pods) }),
    containers: pods.map(({ metadata }) => metadata.name).sort(),
  };
}

/** An autoscaler does not start what has no pods. */
const PAUSED = 'stopped by a restore; if none is running, run it again';

function reportCanary(
  name: string,
  pods: readonly Pod[],
  { state, now }: ClusterStatusFacts,
): ServiceStatus['canary'] {
  const running = state.books.get(name)?.canary;
  if (!running) return undefined;
  const { weight, header, ready, release } = running;
  const shown = header ? { header: formatHeader(header) } : {};
  return { key: release.key, weight, ...shown, ready, health: healthOf(pods, now) };
}

/** All causes, not only the first. Values are never named. */
function driftOf(plan: Plan, runs: string | undefined): string[] {
  const { objects, obsolete, secret, desired, action, reason } = plan;
  if (action === 'keep') return [];
  const changed = objects.filter(({ kind }) => kind !== 'keep');
  const causes = [
    ...(changed.some(changesImage)
      ? [`image changed: ${runs?.slice(0, 12) ?? 'unknown'} -> ${desired.key.slice(0, 12)}`]
      : []),
    ...changed.flatMap(formatChange),
    ...obsolete.map(({ kind }) => `${kind} is not declared any more`),
    ...(secret ? ['its Secret is not there'] : []),
  ];
  // What a rollout waits for is said by its pods.
  return causes.length > 0 || action === 'watch' || action === 'change' ? causes : [reason];
}

function formatChange({ object, kind, why }: ObjectPlan): string[] {
  if (kind === 'create') return [`${object.kind} is not there`];
  return why.filter((one) => one !== 'another image').map((one) => `${object.kind}: ${one}`);
}

const WORKLOADS = ['StatefulSet', 'Deployment'];

function reportBacking(
  name: string,
  engine: string,
  plan: DatastorePlan | PartPlan | undefined,
  all: readonly Pod[],
  { state, now }: ClusterStatusFacts,
): BackingStatus {
  const pods = serving(all);
  const image = imageOf(pods) ?? imageOf(all);
  return {
    name,
    engine,
    ...defined({ image, since: sinceOf(pods) }),
    health: healthOf(pods, now),
    drift: WORKLOADS.some((kind) => state.live.has(`${kind}/${name}`))
      ? [
          ...(plan?.action === 'left' ? plan.why.map((one) => `StatefulSet: ${one}`) : []),
          ...(plan ? changesOf(plan) : []),
          ...(pods.length === 0 ? ['not running'] : troublesOf(pods, now)),
        ]
      : ['not running'],
  };
}

function changesOf(plan: DatastorePlan | PartPlan): string[] {
  // Of a datastore, another image is a reason to leave it.
  if ('obsolete' in plan) return whyPart(plan);
  return plan.objects.filter(({ kind }) => kind !== 'keep').flatMap(formatChange);
}

/** What all services have in common is shown only if it is not as declared. */
function reportShared({ object, kind, why }: ObjectPlan): BackingStatus[] {
  if (kind === 'keep') return [];
  const drift = kind === 'create' ? ['not there'] : [...why];
  return [{ name: object.metadata!.name!, engine: object.kind, health: 'unchecked', drift }];
}

function imageOf([pod]: readonly Pod[]): string | undefined {
  return pod?.spec?.containers?.[0]?.image;
}

/** Those that are not told to end. */
function serving(pods: readonly Pod[]): Pod[] {
  return pods.filter(
    ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined &&
      status?.phase !== 'Succeeded' &&
      status?.phase !== 'Failed',
  );
}

function troublesOf(pods: readonly Pod[], now: number): string[] {
  return pods.flatMap((pod) => {
    const trouble = podTrouble(pod, now);
    if (trouble) return [`${pod.metadata.name}: ${trouble.reason}`];
    return healthOfPod(pod, now) === 'unhealthy' ? [`${pod.metadata.name} is unhealthy`] : [];
  });
}

function healthOf(pods: readonly Pod[], now: number): Health {
  return worstHealth(pods.map((pod) => healthOfPod(pod, now)));
}

function healthOfPod(pod: Pod, now: number): Health {
  const containers = pod.status?.containerStatuses ?? [];
  if (containers.some(({ state }) => state?.waiting?.reason === 'CrashLoopBackOff')) {
    return 'restarting';
  }
  if (isReady(pod)) return 'healthy';
  // One that answered its start-up probe, and then was not ready.
  const isStarted = containers.some(({ started }) => started === true);
  return podTrouble(pod, now) || isStarted ? 'unhealthy' : 'starting';
}

function sinceOf(pods: readonly Pod[]): string | undefined {
  return earliest(pods.map(({ status }) => status?.startTime));
}

function whyNotCompared(
  wantedKey: string | undefined,
  { environment, declared }: ClusterStatusFacts,
): string {
  return wantedKey === undefined && declared.problem === undefined
    ? pushedNothing(environment)
    : 'its objects were not compared';
}
