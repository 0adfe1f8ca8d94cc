import type { TestProject } from 'vitest/node';
import { findCluster } from '../cluster/cluster.js';
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
    if (cluster.gateway) {
      project.provide('gateway', cluster.gateway);
      await freeVolumes(cluster.kubectl, cluster.kubeconfig);
    }
    if (!cluster.gateway)
      say('The tests of a Gateway are left out: only the cluster of "npm run cluster" has one.');
  } catch (error) {
    if (!(error instanceof LabError) || process.env['CI']) throw error;
    say(`The "cluster" tests are left out: ${error.message}`);
    project.provide('cluster', undefined);
  }
}
