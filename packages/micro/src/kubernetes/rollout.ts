import type { Condition, LiveObject } from './live-object';
import { isReady, podTrouble, type Pod } from './pod-trouble';

/** How far a roll of one Deployment, StatefulSet or Job is. */
export type Rollout =
  | { kind: 'done' }
  /** `isWithoutPods`: nobody has made one, though some are wanted. */
  | { kind: 'rolling'; what: string; isWithoutPods?: boolean }
  /** It can't come to an end by itself any more. */
  | { kind: 'failed'; reason: string; pod?: string; container?: string; previous?: boolean };

interface Workload extends LiveObject {
  spec?: { replicas?: number; paused?: boolean };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    currentRevision?: string;
    updateRevision?: string;
    succeeded?: number;
    conditions?: readonly Condition[];
  };
}

/** The number of the pods' template that a Deployment rolls out, which the cluster itself notes. */
export const REVISION = 'deployment.kubernetes.io/revision';
const HASH = 'pod-template-hash';
const STATEFUL_REVISION = 'controller-revision-hash';

/** The objects of one entry, as one look-up found them, and when that was in milliseconds since 1970. */
export interface RolloutFacts {
  objects: readonly LiveObject[];
  now: number;
}

/** @param kind of the object of this name that is rolled; it was there when the watching began. */
export function judgeRollout(kind: string, name: string, facts: RolloutFacts): Rollout {
  const object = facts.objects.find((one) => one.kind === kind && one.metadata.name === name);
  if (!object || object.metadata.deletionTimestamp !== undefined) {
    return { kind: 'failed', reason: `somebody deleted the ${kind} ${name} meanwhile` };
  }
  const workload = object as Workload;
  if (kind === 'Job') return judgeJob(workload, facts);
  const seen = workload.status?.observedGeneration ?? 0;
  if (seen < (workload.metadata.generation ?? 0)) {
    return { kind: 'rolling', what: 'the cluster has not seen it yet' };
  }
  return kind === 'Deployment'
    ? judgeDeployment(workload, facts)
    : judgeStatefulSet(workload, facts);
}

function judgeDeployment(deployment: Workload, facts: RolloutFacts): Rollout {
  const { status = {} } = deployment;
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  const wanted = deployment.spec?.replicas ?? 1;
  if (updatedReplicas >= wanted && replicas === updatedReplicas && availableReplicas >= wanted) {
    return { kind: 'done' };
  }
  if (deployment.spec?.paused) {
    const { name } = deployment.metadata;
    const reason = `somebody paused its rollout: kubectl rollout resume deployment/${name}`;
    return { kind: 'failed', reason };
  }
  const pods = podsOf(facts, newestTemplate(deployment, facts));
  const trouble = worstOf(pods, facts.now);
  if (trouble) return trouble;
  const refused = lasting(status.conditions, 'ReplicaFailure', 'True', facts.now);
  if (refused) return { kind: 'failed', reason: `no pod may start: ${refused.message ?? ''}` };
  const late = (status.conditions ?? []).find(
    ({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded',
  );
  const waiting = pods.find((pod) => !isReady(pod));
  if (late) {
    const pod = waiting?.metadata.name;
    const reason = 'its new pod did not become ready in time';
    return { kind: 'failed', reason, ...(pod === undefined ? {} : { pod }) };
  }
  return { kind: 'rolling', what: `${Math.min(availableReplicas, updatedReplicas)} of ${wanted}` };
}

function judgeStatefulSet(set: Workload, facts: RolloutFacts): Rollout {
  const { readyReplicas = 0, currentRevision, updateRevision } = set.status ?? {};
  const wanted = set.spec?.replicas ?? 1;
  if (readyReplicas >= wanted && currentRevision === updateRevision) return { kind: 'done' };
  // A pod of before that is about to be replaced says nothing of the new one.
  const pods = podsOwnedBy(set, facts).filter(({ metadata }) => {
    const revision = metadata.labels?.[STATEFUL_REVISION];
    return revision === undefined || revision === updateRevision;
  });
  return worstOf(pods, facts.now) ?? waitingFor(podsOwnedBy(set, facts));
}

function judgeJob(job: Workload, facts: RolloutFacts): Rollout {
  const conditions = job.status?.conditions ?? [];
  const has = (type: string) =>
    conditions.find((one) => one.type === type && one.status === 'True');
  if (has('Complete') ?? has('SuccessCriteriaMet')) return { kind: 'done' };
  const pods = podsOwnedBy(job, facts);
  const failed = has('Failed') ?? has('FailureTarget');
  if (failed) {
    const last = [...pods].sort(byAge).at(-1)?.metadata.name;
    const reason = failed.message ?? failed.reason ?? 'the job failed';
    return { kind: 'failed', reason, ...(last === undefined ? {} : { pod: last }) };
  }
  return worstOf(pods, facts.now) ?? waitingFor(pods);
}

function waitingFor(pods: readonly Pod[]): Rollout {
  return pods.length === 0
    ? { kind: 'rolling', what: 'it has no pod', isWithoutPods: true }
    : { kind: 'rolling', what: 'its pod runs' };
}

function byAge(a: LiveObject, b: LiveObject): number {
  return (a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1;
}

/** The hash of the pods that are being rolled out: that of the ReplicaSet with the revision of its Deployment. */
function newestTemplate({ metadata }: LiveObject, { objects }: RolloutFacts): string | undefined {
  const revision = metadata.annotations?.[REVISION];
  const set = objects.find(
    (one) =>
      one.kind === 'ReplicaSet' &&
      one.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid) &&
      one.metadata.annotations?.[REVISION] === revision,
  );
  return set?.metadata.labels?.[HASH];
}

function podsOf({ objects }: RolloutFacts, template: string | undefined): Pod[] {
  if (template === undefined) return [];
  return objects.filter(
    ({ kind, metadata }) =>
      kind === 'Pod' &&
      metadata.labels?.[HASH] === template &&
      metadata.deletionTimestamp === undefined,
  ) as Pod[];
}

function podsOwnedBy({ metadata: { uid } }: LiveObject, { objects }: RolloutFacts): Pod[] {
  return objects.filter(
    ({ kind, metadata }) =>
      kind === 'Pod' && metadata.ownerReferences?.some((owner) => owner.uid === uid),
  ) as Pod[];
}

function worstOf(pods: readonly Pod[], now: number): Rollout | undefined {
  for (const pod of pods) {
    const trouble = podTrouble(pod, now);
    if (trouble) return { kind: 'failed', pod: pod.metadata.name, ...trouble };
  }
  return undefined;
}

/** How long a refusal has to last: another pod may be about to make room. */
const REFUSED_MILLISECONDS = 5000;

function lasting(
  conditions: readonly Condition[] | undefined,
  type: string,
  status: string,
  now: number,
): Condition | undefined {
  return conditions?.find(
    (one) =>
      one.type === type &&
      one.status === status &&
      now - Date.parse(one.lastTransitionTime ?? '') >= REFUSED_MILLISECONDS,
  );
}
