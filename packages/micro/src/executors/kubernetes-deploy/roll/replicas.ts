import type { Cluster } from '../../../effects/cluster';
import type { ClusterState } from '../../../effects/cluster-state';
import { handOverReplicas } from './apply';

interface Scaled {
  kind?: string;
  spec?: { replicas?: number };
}

/** What a Deployment of a service is about to become, and what it was applied as before. */
interface Handed {
  service: string;
  /** Objects that are about to be applied. */
  to: readonly object[];
  /** Those that were applied last; `undefined` if nobody knows. */
  from: readonly object[] | undefined;
}

/** If the number of pods is declared no more, an autoscaler decides about it from now on. */
export async function handOver(
  cluster: Cluster,
  { service, to, from }: Handed,
  { live }: ClusterState,
): Promise<void> {
  const before = deploymentOf(from);
  const wasOurs = before === undefined || before.spec?.replicas !== undefined;
  const replicas = (live.get(`Deployment/${service}`) as Scaled | undefined)?.spec?.replicas;
  if (deploymentOf(to)?.spec?.replicas !== undefined || replicas === undefined || !wasOurs) return;
  await handOverReplicas(cluster, service, replicas);
}

function deploymentOf(objects: readonly Scaled[] | undefined): Scaled | undefined {
  return objects?.find(({ kind }) => kind === 'Deployment');
}
