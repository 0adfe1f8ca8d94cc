import { runKubectl, toClusterError, type Cluster } from '../../effects/cluster';
import { saysNoLogYet } from '../../kubernetes/complaint';
import { getArguments, kubectl, timedLogArguments } from '../../kubernetes/kubectl';
import { entryOf, parseObjects } from '../../kubernetes/live-object';
import { selectorOfPlatform, type Scope } from '../../kubernetes/object';
import { isRunning, type Pod } from '../../kubernetes/pod-trouble';
import type { LogSource } from './log-source';

/** The pods of a platform, which one list names. */
export function clusterSource(cluster: Cluster, scope: Scope): LogSource {
  return {
    lookAgain: 2000,
    atOnce: 8,
    list: async () => {
      const args = getArguments(['pods'], selectorOfPlatform(scope));
      const what = `Could not list the pods of ${scope.namespace}`;
      const pods = parseObjects((await runKubectl(cluster, args, what)).stdout);
      return pods.map((pod) => ({
        id: pod.metadata.uid ?? pod.metadata.name,
        name: pod.metadata.name,
        service: entryOf(pod) ?? pod.metadata.name,
        isRunning: isRunning(pod as Pod),
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
