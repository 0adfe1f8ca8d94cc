import { rulesReview, type AccessRule } from '../kubernetes/rights';
import { ClusterError, runKubectl, type Cluster } from './cluster';

/** What the user may do in the namespace; `undefined` if the cluster can't tell all of it. */
export async function readRules(cluster: Cluster): Promise<readonly AccessRule[] | undefined> {
  try {
    // To validate a review, kubectl lists CRDs, which a user of one namespace may not.
    const args = ['create', '--validate=false', '--filename', '-', '--output', 'json'];
    const stdin = JSON.stringify(rulesReview(cluster.namespace));
    const what = 'Could not ask what the user may do';
    const { stdout } = await runKubectl(cluster, args, what, { stdin });
    const { status } = JSON.parse(stdout) as {
      status?: { resourceRules?: AccessRule[]; incomplete?: boolean };
    };
    return status === undefined || status.incomplete ? undefined : (status.resourceRules ?? []);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return undefined;
  }
}
