import type { TestProject } from 'vitest/node';
import { findCluster, type FoundCluster } from '../cluster/cluster.js';
import { freeVolumes } from '../cluster/free-volumes.js';
import { ensureNodeImage } from '../images/node/node-image.js';
import { LabError, say } from '../program.js';
import { ensureRegistry } from '../registry/ensure-registry.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The cluster to test on; absent if there is none. */
    cluster: { kubeconfig: string; context: string; kubectl: string; registry: string } | undefined;
    /** The Gateway of that cluster and the address of its proxy; only our own cluster has one. */
    gateway: { name: string; namespace: string; url: string } | undefined;
    /** The file with the key that signs tokens of that cluster; only our own cluster has one. */
    tokenKey: string | undefined;
    /** Whether autoscalers work there. */
    hasMetrics: boolean;
  }
}

/**
 * Once, before the first file: the cluster that MICRO_TEST_KUBECONFIG names, or the one that `npm run cluster` started.
 * Without one, its tests are left out: preparing the programs of a cluster takes a quarter of an hour the first time.
 * In CI, a cluster whose tests cannot be prepared is a failure.
 */
export default async function setUpCluster(project: TestProject): Promise<void> {
  const cluster = await findCluster();
  project.provide('gateway', undefined);
  project.provide('tokenKey', undefined);
  project.provide('hasMetrics', false);
  if (!cluster) {
    say(
      'The "cluster" tests are left out: start a cluster with "npm run cluster", or name one in MICRO_TEST_KUBECONFIG.',
    );
    return project.provide('cluster', undefined);
  }
  try {
    await ensureNodeImage();
    const registry = process.env['MICRO_TEST_REGISTRY'] ?? (await ensureRegistry()).host;
    project.provide('cluster', { ...cluster, registry });
    provideParts(project, cluster);
    if (cluster.gateway) await freeVolumes(cluster.kubectl, cluster.kubeconfig);
  } catch (error) {
    if (!(error instanceof LabError) || process.env['CI']) throw error;
    say(`The "cluster" tests are left out: ${error.message}`);
    project.provide('cluster', undefined);
  }
}

/** Tells what the tests may rely on, and prints what they leave out. */
function provideParts(project: TestProject, { gateway, tokenKey, hasMetrics }: FoundCluster): void {
  project.provide('gateway', gateway);
  project.provide('tokenKey', tokenKey);
  if (!gateway) {
    say(
      'The tests of a Gateway, of network policies and of tokens that expire are left out: they need the cluster of "npm run cluster".',
    );
  }
  project.provide('hasMetrics', hasMetrics);
  if (!hasMetrics) {
    say('The tests of an autoscaler are left out: the cluster has no metrics server.');
  }
}
