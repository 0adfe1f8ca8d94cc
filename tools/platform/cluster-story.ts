import type { Stage } from '../demo/stage.js';
import { LabError } from '../program.js';
import {
  clusterLogOf,
  clusterSpans,
  ENVIRONMENT,
  HOST,
  NAMESPACE,
  objectVersions,
  prepareCluster,
  referenceCluster,
  startDeploy,
  takeDownFromCluster,
} from './cluster-platform.js';
import { openRoute } from './route-address.js';
import { eventually, goShopping } from './story.js';

/** The same shop on a cluster, and a second deploy that writes nothing. */
export async function tellClusterStory(stage: Stage): Promise<void> {
  stage.heading('Six services with their databases, caches and broker, on a cluster');
  const cluster = await referenceCluster();
  await takeDownFromCluster();
  await prepareCluster(cluster);
  const command = `nx run-many -t kubernetes-deploy -c ${ENVIRONMENT}`;
  await stage.show(command, (onLine) => startDeploy(cluster, onLine));
  const { url: gateway } = cluster.gateway;
  stage.line(`   the gateway answers at ${gateway} to the host name ${HOST}`);
  const route = await openRoute(gateway, HOST);
  try {
    const isOpen = await eventually(async () => {
      const { status } = await fetch(`${route.url}/api/orders/products`);
      return status === 200 || undefined;
    });
    if (!isOpen) throw new LabError(`the route of ${HOST} does not lead to the gateway`);
    await goShopping(stage, {
      url: route.url,
      logOf: (service) => clusterLogOf(cluster, service),
      spans: () => clusterSpans(cluster),
    });
  } finally {
    route.close();
  }

  stage.heading('The same deploy again');
  const before = await objectVersions(cluster);
  await stage.show(command, (onLine) => startDeploy(cluster, onLine));
  const after = await objectVersions(cluster);
  const names = new Set([...before.keys(), ...after.keys()]);
  const written = [...names].filter((name) => before.get(name) !== after.get(name));
  if (written.length > 0) throw new LabError(`it wrote ${written.join(', ')}`);
  stage.line(`   the platform has ${before.size} objects in ${NAMESPACE}, and none was written`);
}
