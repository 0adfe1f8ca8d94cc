import { clusterOf, ClusterError, runKubectl, type Cluster } from '../../effects/cluster';
import { readRules } from '../../effects/cluster-rights';
import { readNamespaceProblem } from '../../effects/cluster-state';
import { missingRights } from '../../kubernetes/rights';
import type { KubernetesEnvironment } from '../../platform/kubernetes-environment';
import type { Platform } from '../../platform/platform';
import { UserError } from '../../platform/user-error';
import type { Shell } from '../shell';
import type { ClusterDoctorFacts } from './cluster-checks';
import { readRenderProblems } from './read-render-problems';

/** Asks a cluster whether a deploy could work; writes nothing. */
export async function readClusterFacts(
  shell: Shell,
  platform: Platform,
  environment: KubernetesEnvironment,
): Promise<ClusterDoctorFacts> {
  const { cluster, scope } = clusterOf(shell.runner, platform.name, environment);
  const { context } = environment;
  const { namespace } = scope;
  const [server, written] = await Promise.all([
    readServer(cluster),
    readRenderProblems(shell, platform, environment),
  ]);
  if (server.kind === 'silent') return { context, namespace, server, missing: [], written };
  const namespaceProblem = await readNamespaceProblem(cluster);
  if (namespaceProblem !== undefined) {
    return { context, namespace, server, namespaceProblem, missing: [], written };
  }
  const [rights, missing] = await Promise.all([
    readMissingRights(cluster, environment),
    readMissingObjects(cluster, environment),
  ]);
  return {
    ...{ context, namespace, server, missing, written },
    ...(rights ? { missingRights: rights } : {}),
  };
}

interface Versions {
  clientVersion: { gitVersion: string };
  serverVersion: { gitVersion: string };
}

async function readServer(cluster: Cluster): Promise<ClusterDoctorFacts['server']> {
  try {
    const args = ['version', '--output', 'json'];
    const { stdout } = await runKubectl(cluster, args, 'The cluster does not answer');
    const { clientVersion, serverVersion } = JSON.parse(stdout) as Versions;
    return {
      kind: 'answers',
      client: clientVersion.gitVersion,
      version: serverVersion.gitVersion,
    };
  } catch (error) {
    // Also if kubectl is not installed.
    if (!(error instanceof UserError)) throw error;
    return { kind: 'silent', problem: error.message };
  }
}

async function readMissingRights(
  cluster: Cluster,
  environment: KubernetesEnvironment,
): Promise<string[] | undefined> {
  const rules = await readRules(cluster);
  return rules && missingRights(rules, environment);
}

async function readMissingObjects(
  cluster: Cluster,
  { pullSecret, gateway, mesh, file }: KubernetesEnvironment,
): Promise<ClusterDoctorFacts['missing']> {
  const { context, namespace } = cluster;
  const missing: ClusterDoctorFacts['missing'][number][] = [];
  if (pullSecret !== undefined && !(await isThere(cluster, 'secret', pullSecret))) {
    missing.push({
      what: 'pull secret',
      says: `${namespace} has no Secret ${pullSecret}, which ${file} names`,
      advice: `kubectl --context ${context} --namespace ${namespace} create secret docker-registry ${pullSecret} …`,
    });
  }
  if (gateway) {
    const at = { ...cluster, namespace: gateway.namespace ?? namespace };
    const group = mesh === 'istio' ? 'networking.istio.io' : 'gateway.networking.k8s.io';
    const kind = `gateways.${group}`;
    if (!(await isThere(at, kind, gateway.name))) {
      missing.push({
        what: 'Gateway',
        says: `${at.namespace} has no Gateway ${gateway.name}, which ${file} names`,
        advice: 'create it, or correct "gateway" in the environment',
      });
    }
  }
  return missing;
}

/** What may not be seen counts as there: a deploy does not look at it. */
async function isThere(cluster: Cluster, kind: string, name: string): Promise<boolean> {
  try {
    const args = ['get', kind, name, '--output', 'name'];
    await runKubectl(cluster, args, `Could not look for ${name}`);
    return true;
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return !['not-found', 'unknown-kind', 'no-namespace'].includes(error.complaint.kind);
  }
}
