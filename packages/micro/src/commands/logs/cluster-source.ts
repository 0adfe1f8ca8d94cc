import { toClusterError, type Cluster } from '../../effects/cluster';
import { readPods } from '../../effects/cluster-state';
import { saysNoLogYet } from '../../kubernetes/complaint';
import { kubectl, timedLogArguments } from '../../kubernetes/kubectl';
import { canaryOf } from '../../kubernetes/canary';
import { entryOf } from '../../kubernetes/live-object';
import type { Scope } from '../../kubernetes/object';
import { isRunning } from '../../kubernetes/pod-trouble';
import type { LogSource } from './log-source';

/** The pods of a platform, which one list names. */
export function clusterSource(cluster: Cluster, scope: Scope): LogSource {
  return {
    lookAgain: 2000,
    atOnce: 8,
    list: async () => {
      const pods = await readPods(cluster, scope);
      return pods.map((pod) => ({
        id: pod.metadata.uid ?? pod.metadata.name,
        name: pod.metadata.name,
        // Those of a canary too.
        service: canaryOf(pod) ?? entryOf(pod) ?? pod.metadata.name,
        isRunning: isRunning(pod),
      }));
    },
    // A sidecar that someone added has lines of its own.
    command: ({ name, service }, range) =>
      kubectl(timedLogArguments(name, service, range), cluster),
    isHarmless: saysNoLogYet,
    toError: ({ name }, outcome) =>
      toClusterError(`Could not read the log of ${name}`, outcome, cluster),
  };
}
