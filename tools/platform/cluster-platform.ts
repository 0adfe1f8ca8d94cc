import { rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { stringify } from 'yaml';
import { ensureCluster, findCluster, type FoundCluster } from '../cluster/cluster.js';
import { freeVolumes } from '../cluster/free-volumes.js';
import { mustRun } from '../command.js';
import { pushDatastoreImage } from '../images/datastores/pushed-image.js';
import { ensureNodeImage, NODE_IMAGE } from '../images/node/node-image.js';
import { inTemporaryDirectory } from '../images/temporary-directory.js';
import { LabError } from '../program.js';
import { ensureRegistry } from '../registry/ensure-registry.js';
import { mirrorImage } from '../registry/mirror-image.js';
import type { Child } from '../testing/child.js';
import { removePlatform } from '../testing/remove-platform.js';
import { clusterCollector, COLLECTOR_NAME, COLLECTOR_PORT } from './cluster-collector.js';
import type { Span } from './collector.js';
import {
  BACKING_IMAGES,
  COLLECTOR,
  jsonLines,
  PLATFORM,
  prepare,
  ROOT,
  SERVICES,
  startNx,
  type LogLine,
  type ServiceName,
} from './reference-platform.js';

/** Its files are written when the platform is shown, since only then it is known which cluster there is. */
export const ENVIRONMENT = 'reference';
export const NAMESPACE = `${PLATFORM}-${ENVIRONMENT}`;
/** Of the route to the gateway. No name server has to know it. */
export const HOST = 'shop.example.com';

const FILES = [`${ENVIRONMENT}.yml`, `${ENVIRONMENT}.compose.yaml`].map((name) =>
  join(ROOT, 'environments', name),
);

export type ReferenceCluster = FoundCluster & {
  gateway: NonNullable<FoundCluster['gateway']>;
  registry: string;
};

/** Our own cluster, which is started if it does not run. */
export async function referenceCluster(): Promise<ReferenceCluster> {
  await ensureCluster();
  const found = await findCluster();
  if (!found?.gateway) {
    throw new LabError(
      'The platform is published by the Gateway of the cluster of "npm run cluster": unset MICRO_TEST_KUBECONFIG.',
    );
  }
  const { host: registry } = await ensureRegistry();
  return { ...found, gateway: found.gateway, registry };
}

/** Everything that a deploy needs: images in the registry, the environment, and a namespace that takes restricted pods. */
export async function prepareCluster(cluster: ReferenceCluster): Promise<void> {
  await prepare();
  await freeVolumes(cluster.kubectl, cluster.kubeconfig);
  await writeEnvironment(cluster);
  const level = 'pod-security.kubernetes.io/enforce=restricted';
  await ask(cluster, 'create', 'namespace', NAMESPACE);
  await ask(cluster, 'label', 'namespace', NAMESPACE, level);
  await ensureNodeImage();
  const image = await mirrorImage(cluster.registry, NODE_IMAGE);
  const manifest = await clusterCollector(image);
  await inTemporaryDirectory(async (folder) => {
    const file = join(folder, 'collector.json');
    await writeFile(file, JSON.stringify(manifest));
    await ask(cluster, 'apply', '--filename', file);
  });
  await ask(cluster, 'rollout', 'status', `deployment/${COLLECTOR_NAME}`, '--timeout=120s');
}

async function writeEnvironment({ context, registry, gateway }: ReferenceCluster): Promise<void> {
  const { name, namespace } = gateway;
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR };
  const services = Object.fromEntries(SERVICES.map((service) => [service, { environment }]));
  const [file, overlay] = FILES;
  await writeFile(
    file!,
    stringify({
      ...{ engine: 'kubernetes', context, registry, gateway: { name, namespace } },
      ...{ broker: 'in-cluster', storage: { size: '1Gi' } },
      services: { ...services, gateway: { host: HOST, environment } },
    }),
  );
  await writeFile(overlay!, stringify({ services: await mirroredImages(registry) }));
}

/** The entries that run images of others, which the nodes pull from the registry, too. */
async function mirroredImages(registry: string): Promise<Record<string, { image: string }>> {
  const text = await mustRun(
    'docker',
    ['compose', '--file', 'compose.yaml', 'config', '--no-interpolate', '--format', 'json'],
    { cwd: ROOT },
  );
  const { services } = JSON.parse(text) as { services: Record<string, { image?: string }> };
  const mirrored: Record<string, { image: string }> = {};
  for (const engine of BACKING_IMAGES) {
    const image = await pushDatastoreImage(registry, engine);
    const own = Object.keys(services).filter((name) => image.endsWith(`/${services[name]!.image}`));
    for (const name of own) mirrored[name] = { image };
  }
  return mirrored;
}

/** Builds, pushes and deploys whatever changed. */
export function startDeploy(cluster: ReferenceCluster, onLine?: (line: string) => void): Child {
  const { kubeconfig, kubectl } = cluster;
  const path = [...(isAbsolute(kubectl) ? [dirname(kubectl)] : []), process.env['PATH']];
  return startNx(
    ['run-many', '-t', 'kubernetes-deploy', '-c', ENVIRONMENT, '--outputStyle=stream'],
    onLine,
    { KUBECONFIG: kubeconfig, PATH: path.join(delimiter) },
  );
}

export async function clusterLogOf(
  cluster: ReferenceCluster,
  service: ServiceName,
): Promise<LogLine[]> {
  const pods = ['--selector', `app.kubernetes.io/name=${service}`, '--container', service];
  return jsonLines(await ask(cluster, 'logs', ...pods, '--tail', '-1'));
}

export async function clusterSpans(cluster: ReferenceCluster): Promise<Span[]> {
  const service = `services/${COLLECTOR_NAME}:${COLLECTOR_PORT}`;
  const text = await ask(
    cluster,
    'get',
    '--raw',
    `/api/v1/namespaces/${NAMESPACE}/${service}/proxy/`,
  );
  return JSON.parse(text) as Span[];
}

/** The version of each object of the platform, and the identity of each pod: what is written has another one. */
export async function objectVersions(cluster: ReferenceCluster): Promise<Map<string, string>> {
  const kinds = [
    ...['deployments', 'statefulsets', 'services', 'serviceaccounts', 'networkpolicies', 'jobs'],
    ...['configmaps', 'secrets', 'leases', 'httproutes', 'poddisruptionbudgets', 'pods'],
  ];
  const ours = ['--selector', `app.kubernetes.io/part-of=${PLATFORM}`];
  const text = await ask(cluster, 'get', kinds.join(), ...ours, '--output', 'json');
  const { items } = JSON.parse(text) as {
    items: { kind: string; metadata: { name: string; uid: string; resourceVersion: string } }[];
  };
  return new Map(
    items.map(({ kind, metadata: { name, uid, resourceVersion } }) => [
      `${kind}/${name}`,
      // Each probe may change the status of a pod.
      kind === 'Pod' ? uid : resourceVersion,
    ]),
  );
}

/** Removes the namespace with its data, the files of the environment, and the images here and in the registry. */
export async function takeDownFromCluster(): Promise<void> {
  const found = await findCluster();
  if (found) {
    const gone = ['--ignore-not-found', '--wait=true', '--timeout=180s'];
    await ask(found, 'delete', 'namespace', NAMESPACE, ...gone);
    if (found.gateway) await freeVolumes(found.kubectl, found.kubeconfig);
  }
  for (const file of FILES) await rm(file, { force: true });
  await removePlatform(PLATFORM, [], (await ensureRegistry()).host);
}

export function ask(
  { kubectl, kubeconfig }: Pick<FoundCluster, 'kubectl' | 'kubeconfig'>,
  ...args: string[]
): Promise<string> {
  return mustRun(kubectl, ['--kubeconfig', kubeconfig, '--namespace', NAMESPACE, ...args]);
}
