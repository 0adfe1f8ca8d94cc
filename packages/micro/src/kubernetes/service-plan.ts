import { isDeepStrictEqual } from 'node:util';
import { isRoute, portOf, routedToCanary } from './canary-route';
import { shareOf, type CanaryShare } from '../deployment/canary';
import type { CommitCheck } from '../deployment/commit';
import { canaryName } from '../platform/canary';
import type { DesiredEntry, DesiredService } from './desired-service';
import { identityOf, type LiveObject } from './live-object';
import {
  changesImage,
  isOurs,
  objectsOfEntry,
  planObject,
  type LiveObjects,
  type ObjectPlan,
} from './object-plan';
import type { KubernetesObject } from './object';
import {
  currentOf,
  type ClusterBook,
  type ClusterRelease,
  type RunningCanary,
} from './release-book';
import { judgeRollout } from './rollout';

/** What to do with the objects of a datastore or a job. */
export interface EntryPlan {
  entry: DesiredEntry;
  objects: readonly ObjectPlan[];
  /** Whether its Secret has to be made. */
  secret: boolean;
}

export interface DatastorePlan extends EntryPlan {
  /** `left`: a change would replace a pod that may hold data. */
  action: 'create' | 'change' | 'keep' | 'left';
  /** What differs, if it is left. */
  why: readonly string[];
}

export interface JobPlan extends EntryPlan {
  /** `again`: it failed in an earlier run, and is deleted first. `wait`: it runs already. */
  action: 'run' | 'again' | 'wait';
}

/** What to do for one service, and why. */
export interface ServicePlan {
  service: string;
  /**
   * `update`: another image; `restart`: the same image in new pods; `change`: no pod is replaced; `watch`: everything is
   * declared, and the rollout has not ended or is not recorded; `canary`: a share of the requests gets another version.
   */
  action: 'create' | 'update' | 'restart' | 'change' | 'watch' | 'keep' | 'canary';
  reason: string;
  /** The canary that runs, or that is to run. */
  canary?: CanaryPlan | undefined;
  desired: DesiredService;
  /** The release that serves, as far as the cluster remembers. */
  current?: ClusterRelease | undefined;
  objects: readonly ObjectPlan[];
  /** Objects of the service that are not declared any more, such as an autoscaler. */
  obsolete: readonly LiveObject[];
  secret: boolean;
  datastores: readonly DatastorePlan[];
  jobs: readonly JobPlan[];
  /** Absent if the running commit is unknown, and for a rollback. */
  commit?: CommitCheck & { isRefused: boolean };
  missing: readonly string[];
  after: readonly string[];
}

/** What a plan does about a canary, with its share of the requests until it ends. */
export interface CanaryPlan extends CanaryShare {
  /** `run`: it goes on, beside whatever is deployed. */
  action: 'start' | 'run' | 'promote' | 'abort';
  image: string;
  key: string;
  /** The routes once everything else is done: with its share of the requests, or without. */
  routes: readonly ObjectPlan[];
}

/** What a plan is made from, beside what is declared. */
export interface ClusterFacts {
  live: LiveObjects;
  books: ReadonlyMap<string, ClusterBook>;
  /** Names of the Secrets that are there. */
  secrets: ReadonlySet<string>;
}

/** A plan without what other services and the workspace say. */
export type OwnPlan = Omit<ServicePlan, 'missing' | 'after' | 'commit'>;

/** @param ending what becomes of the canary that runs; without, it goes on. */
export function planService(
  desired: DesiredService,
  facts: ClusterFacts,
  ending?: 'promote' | 'abort',
): OwnPlan {
  const { service, entry } = desired;
  const { live, books } = facts;
  const book = books.get(service);
  const current = currentOf(book);
  const canary = planRunningCanary(desired, facts, ending);
  // Those of a canary that is promoted stay with it until the new pods of the service serve.
  const share = ending === 'abort' ? undefined : servingCanary(service, facts);
  const objects = withShare(entry.objects, service, share).map((one) => planObject(one, live));
  const declared = new Set(entry.objects.map(identityOf));
  const obsolete = objectsOfEntry(live, service).filter(
    (one) => KINDS.has(one.kind) && isOurs(one) && !declared.has(identityOf(one)),
  );
  const secret = needsSecret(entry, facts);
  const jobs = desired.jobs.flatMap((job) => planJob(job, current, facts));
  const rest = {
    ...{ service, desired, current, objects, obsolete, secret, jobs, canary },
    datastores: desired.datastores.map((one) => planDatastore(one, facts)),
  };
  return { ...rest, ...actionOf(desired, { ...rest, facts }) };
}

/** The canary of a service, unless it is gone though it is recorded: requests to it would fail. */
export function servingCanary(
  service: string,
  { live, books }: Pick<ClusterFacts, 'live' | 'books'>,
): RunningCanary | undefined {
  const name = canaryName(service);
  const isThere = live.has(`Deployment/${name}`) && live.has(`Service/${name}`);
  return isThere ? books.get(service)?.canary : undefined;
}

type Share = Pick<RunningCanary, 'weight' | 'header' | 'ready'> & {
  release: Pick<ClusterRelease, 'objects'>;
};

/** The objects of a service with the share of the requests that its canary gets, if it gets one. */
export function withShare(
  objects: readonly KubernetesObject[],
  service: string,
  canary: Share | undefined,
): readonly KubernetesObject[] {
  if (!canary?.ready) return objects;
  const port = portOf(canary.release.objects)!;
  return routedToCanary(objects, service, { ...shareOf(canary), port });
}

function planRunningCanary(
  { service, entry }: DesiredService,
  { live, books }: ClusterFacts,
  ending: 'promote' | 'abort' | undefined,
): CanaryPlan | undefined {
  const running = books.get(service)?.canary;
  if (!running) return undefined;
  const { release } = running;
  const routes = ending === 'promote' ? entry.objects.filter(isRoute) : [];
  return {
    ...{ action: ending ?? 'run', ...shareOf(running), image: release.image, key: release.key },
    // Whatever they are then.
    routes: routes.map((route) => ({ ...planObject(route, live), kind: 'change' })),
  };
}

/** The kinds of a service that can come and go with its declaration. */
const KINDS = new Set([
  ...['HorizontalPodAutoscaler', 'PodDisruptionBudget', 'Ingress', 'HTTPRoute'],
  'VirtualService',
  ...['NetworkPolicy', 'Service', 'ServiceAccount'],
]);

type Found = Pick<
  ServicePlan,
  'current' | 'objects' | 'obsolete' | 'secret' | 'jobs' | 'datastores' | 'canary'
>;

function actionOf(
  desired: DesiredService,
  found: Found & { facts: ClusterFacts },
): Pick<ServicePlan, 'action' | 'reason'> {
  const { current, objects, obsolete, secret, jobs, datastores, facts } = found;
  const { service } = desired;
  const live = facts.live.get(`Deployment/${service}`);
  if (!live) return { action: 'create', reason: 'it is not running' };
  const changed = objects.filter(({ kind }) => kind !== 'keep');
  const deployment = changed.find(({ object }) => object.kind === 'Deployment');
  if (deployment && replacesPods(deployment, current, desired)) {
    const reason = [...endOf(found), ...deployment.why].join('; ');
    return { action: changesImage(deployment) ? 'update' : 'restart', reason };
  }
  const why = [
    ...endOf(found),
    ...changed.map(({ object, kind, why }) =>
      kind === 'create' ? `${object.kind} is not there` : `${object.kind}: ${why.join('; ')}`,
    ),
    ...obsolete.map(({ kind }) => `${kind} is not declared any more`),
    ...(secret ? ['its Secret is not there'] : []),
    ...datastores
      .filter(({ action }) => action === 'create' || action === 'change')
      .map(describeDatastore),
    ...(current && jobs.length > 0 ? [`${jobs.map(({ entry }) => entry.name).join(', ')}`] : []),
  ];
  if (why.length > 0) return { action: 'change', reason: why.join('; ') };
  if (current?.hash !== desired.hash) {
    return { action: 'watch', reason: 'a deploy was interrupted; its rollout goes on' };
  }
  const rollout = judgeRollout('Deployment', service, { objects: [live], now: 0 });
  return rollout.kind === 'done'
    ? { action: 'keep', reason: 'nothing changed' }
    : { action: 'watch', reason: 'nothing changed, but not all of its pods are ready' };
}

function endOf({ canary }: Pick<ServicePlan, 'canary'>): string[] {
  if (canary?.action === 'promote') return ['its canary is promoted'];
  return canary?.action === 'abort' ? ['its canary ends'] : [];
}

function describeDatastore({ entry, objects }: DatastorePlan): string {
  const changed = objects
    .filter(({ kind }) => kind !== 'keep')
    .map(({ object, why }) => `${object.kind}: ${why.join('; ')}`);
  return `${entry.name}: ${changed.join('; ') || 'its Secret is not there'}`;
}

interface HasTemplate {
  spec?: { template?: unknown };
}

function replacesPods(
  { object, paths }: ObjectPlan,
  current: ClusterRelease | undefined,
  { entry, recorded, hash }: DesiredService,
): boolean {
  if (paths.some((path) => path.startsWith('spec.template.'))) return true;
  if (!current || current.hash === hash) return false;
  // What is not declared any more differs in no path.
  const template = (all: readonly object[]) =>
    (all.find((one) => identityOf(one) === identityOf(object)) as HasTemplate)?.spec?.template;
  return (
    entry.secretName === current.secretName &&
    !isDeepStrictEqual(template(recorded), template(current.objects))
  );
}

export function needsSecret({ secretName }: DesiredEntry, { secrets }: ClusterFacts): boolean {
  return secretName !== undefined && !secrets.has(secretName);
}

export function planJob(
  entry: DesiredEntry,
  current: ClusterRelease | undefined,
  facts: ClusterFacts,
): JobPlan[] {
  const objects = entry.objects.map((object) => planObject(object, facts.live));
  const name = entry.objects[0]!.metadata!.name!;
  const live = facts.live.get(`Job/${name}`);
  const plan = { entry, objects, secret: needsSecret(entry, facts) };
  if (!live) return current?.jobs.includes(name) ? [] : [{ ...plan, action: 'run' }];
  const rollout = judgeRollout('Job', name, { objects: [live], now: 0 });
  if (rollout.kind === 'done') return [];
  return [{ ...plan, action: rollout.kind === 'failed' ? 'again' : 'wait' }];
}

export function planDatastore(entry: DesiredEntry, facts: ClusterFacts): DatastorePlan {
  const objects = entry.objects.map((object) => planObject(object, facts.live));
  const secret = needsSecret(entry, facts);
  const set = objects.find(({ object }) => object.kind === 'StatefulSet')!;
  if (set.kind === 'create') return { entry, objects, secret, action: 'create', why: [] };
  const isOther =
    set.kind === 'change' &&
    (set.paths.some((path) => path !== 'spec.replicas' && path.startsWith('spec.')) ||
      set.why.includes('something is not declared any more'));
  const rest = objects.filter(({ object }) => object.kind !== 'StatefulSet');
  if (isOther) return { entry, objects: rest, secret: false, action: 'left', why: set.why };
  const isSame = objects.every(({ kind }) => kind === 'keep') && !secret;
  return { entry, objects, secret, action: isSame ? 'keep' : 'change', why: [] };
}
