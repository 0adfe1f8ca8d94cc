import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { describeCanaryShare, isSameShare, type CanaryShare } from '../deployment/canary';
import { canaryName, canaryReplicas } from '../platform/canary';
import { canaryObjects, canaryOf } from './canary';
import { isRoute } from './canary-route';
import type { DesiredService } from './desired-service';
import type { LiveObject } from './live-object';
import type { KubernetesObject } from './object';
import { planObject } from './object-plan';
import { currentOf } from './release-book';
import { judgeRollout } from './rollout';
import {
  needsSecret,
  planDatastore,
  planJob,
  withShare,
  type ClusterFacts,
  type OwnPlan,
} from './service-plan';

/** Why a service can have no canary, and what to do. @param names of everything in the workspace. */
export function canaryProblem(
  { service }: Pick<DesiredService, 'service'>,
  { live, books }: ClusterFacts,
  { environment, file, names }: { environment: string; file: string; names: ReadonlySet<string> },
): string | undefined {
  const current = currentOf(books.get(service));
  if (!live.has(`Deployment/${service}`) || !current) {
    return `${service} has no release in ${environment} yet, so nothing can be compared with a canary: deploy it without --canary first`;
  }
  if (!current.objects.some(isRoute)) {
    return `${service} is reached by no HTTPRoute in ${environment}, so it can have no canary: write "gateway" (the Gateway API) and services.${service}.host into ${file}, and deploy it without --canary first. A service that only others of the platform call can have one with "mesh: istio"`;
  }
  if (names.has(canaryName(service))) {
    return `${service} can have no canary, because the workspace has something named ${canaryName(service)}: rename it`;
  }
  return undefined;
}

interface Scaled {
  spec?: { replicas?: number };
}

/** Runs what was pushed last for a share of the requests; the pods of the service itself stay as they are. */
export function planCanary(
  desired: DesiredService,
  share: CanaryShare,
  facts: ClusterFacts,
): OwnPlan {
  const { service, entry, key, image, hash } = desired;
  const { live, books } = facts;
  const book = books.get(service);
  const current = currentOf(book);
  const running = book?.canary;
  const { replicas = 1 } = (live.get(`Deployment/${service}`) as Scaled | undefined)?.spec ?? {};
  const declared = canaryObjects({
    ...{ service, objects: entry.objects, replicas: canaryReplicas(replicas, share.weight) },
    policies: policiesFor(desired, live.values()),
  });
  const canary = { ...share, ready: true, release: { objects: entry.objects } };
  const routes = withShare((current?.objects ?? []).filter(isRoute), service, canary);
  const plan = {
    ...{ service, desired, current, obsolete: [], secret: needsSecret(entry, facts) },
    objects: declared.map((object) => planObject(object, live)),
    jobs: desired.jobs.flatMap((job) => planJob(job, current, facts)),
    datastores: desired.datastores.map((one) => planDatastore(one, facts)),
    canary: {
      ...{ action: 'start' as const, ...share, image, key },
      routes: routes.map((route) => planObject(route, live)),
    },
  };
  if (current?.hash === hash && current.secretName === entry.secretName && !running) {
    const reason = 'what was pushed last serves all requests, so there is nothing to try';
    return { ...plan, objects: [], canary: undefined, action: 'keep', reason };
  }
  const isSame =
    running?.ready === true &&
    running.release.hash === hash &&
    isSameShare(running, share) &&
    !plan.secret &&
    plan.jobs.length === 0 &&
    [...plan.objects, ...plan.canary.routes].every(({ kind }) => kind === 'keep') &&
    isRolledOut(service, live.get(`Deployment/${canaryName(service)}`));
  const gets = `${describeCanaryShare(share)} go to a canary`;
  if (isSame) return { ...plan, action: 'keep', reason: `${gets} already` };
  const before =
    running?.ready && !isSameShare(running, share)
      ? `, until now ${describeCanaryShare(running)}`
      : '';
  return { ...plan, action: 'canary', reason: `${gets}${before}` };
}

/** The objects of the canary of a service that the cluster has. */
export function liveCanary(service: string, objects: Iterable<LiveObject>): LiveObject[] {
  return [...objects].filter((object) => canaryOf(object) === service);
}

function isRolledOut(service: string, deployment: LiveObject | undefined): boolean {
  if (!deployment) return false;
  const facts = { objects: [deployment], now: 0 };
  return judgeRollout('Deployment', canaryName(service), facts).kind === 'done';
}

/** Each once: those of the cluster, and those that it gets now. */
function policiesFor(
  { datastores, broker }: DesiredService,
  live: Iterable<LiveObject>,
): INetworkPolicy[] {
  const declared = [...datastores, ...(broker ? [broker] : [])].flatMap(policiesOf);
  const all = [...policiesIn(live), ...declared];
  return [...new Map(all.map((policy) => [policy.metadata?.name, policy])).values()];
}

/** Those of another canary let its own callers in, and nobody else. */
function policiesIn(objects: Iterable<LiveObject>): INetworkPolicy[] {
  return [...objects].filter(
    (object) => object.kind === 'NetworkPolicy' && canaryOf(object) === undefined,
  ) as unknown as INetworkPolicy[];
}

function policiesOf({ objects }: { objects: readonly KubernetesObject[] }): INetworkPolicy[] {
  return objects.filter(({ kind }) => kind === 'NetworkPolicy') as INetworkPolicy[];
}
