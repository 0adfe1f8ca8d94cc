import { runKubectl, type Cluster } from '../../../effects/cluster';
import { eventArguments } from '../../../kubernetes/kubectl';
import { parseObjects, type LiveObject } from '../../../kubernetes/live-object';

interface Event extends LiveObject {
  reason?: string;
  message?: string;
  lastTimestamp?: string | null;
  eventTime?: string | null;
  involvedObject?: { uid?: string };
}

/** Why the cluster made no pod when it tried last. */
export interface Refusal {
  message: string;
  /** In milliseconds since 1970. */
  at: number;
}

/**
 * Why the cluster makes no pod for a Job or a StatefulSet, such as a quota or a rule about pods: they have no condition
 * for that, as a Deployment does. `undefined` if the last pod was not refused.
 */
export async function readRefusal(
  cluster: Cluster,
  { metadata: { name, uid } }: LiveObject,
): Promise<Refusal | undefined> {
  const what = `Could not read the events of ${name}`;
  const { stdout } = await runKubectl(cluster, eventArguments(name), what);
  const [last] = (parseObjects(stdout) as Event[])
    .filter((event) => event.involvedObject?.uid === uid)
    .filter(({ reason }) => reason === 'FailedCreate' || reason === 'SuccessfulCreate')
    .sort((a, b) => timeOf(b) - timeOf(a));
  if (last?.reason !== 'FailedCreate') return undefined;
  return { message: last.message ?? 'FailedCreate', at: timeOf(last) };
}

function timeOf({ lastTimestamp, eventTime, metadata }: Event): number {
  return Date.parse(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '') || 0;
}
