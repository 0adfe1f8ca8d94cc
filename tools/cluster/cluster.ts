import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustRun, run, succeeded } from '../command.js';
import { ensureUnpacked } from '../debian/unpack.js';
import { ensureEngine } from '../engine/ensure-engine.js';
import { ensureCaddyImage } from '../images/caddy/caddy-image.js';
import { oneAtATime } from '../one-at-a-time.js';
import { LabError, say } from '../program.js';
import { ensureRegistry } from '../registry/ensure-registry.js';
import { ensureCredentials } from './credentials.js';
import { GATEWAY, pushGatewayImages, gatewayKinds } from './gateway.js';
import { HOME, KUBECONFIG, STATE } from './home.js';
import { buildMachineImage, pushProgramImage } from './images.js';
import { hasMetrics, METRICS } from './metrics.js';
import { ensurePrograms } from './programs.js';
import { localVolumes } from './volumes.js';

const HERE = dirname(fileURLToPath(import.meta.url));
const COMPOSE_FILE = join(HERE, 'compose.yaml');
const PORT = 16443;
const NODES = ['node-1', 'node-2'];
/** The address of node-1 in compose.yaml. */
const FIRST_NODE = '198.19.128.11';

const DEBIAN = {
  suite: 'sid',
  packages: ['containerd', 'containernetworking-plugins', 'etcd-server'],
  what: 'containerd, the CNI plugins and etcd',
};

export interface Cluster {
  kubeconfig: string;
  /** The version of the API server, such as `v1.37.2`. */
  version: string;
}

/**
 * A Kubernetes cluster for tests: the one of `MICRO_TEST_KUBECONFIG`, or else one on this machine's engine, which is
 * prepared and started if it does not answer. A person's own kubeconfig is never read or written.
 *
 * @throws LabError saying what is missing.
 */
export async function ensureCluster(): Promise<Cluster> {
  const given = process.env['MICRO_TEST_KUBECONFIG'];
  if (given) return requireAnswer(given, 'kubectl');
  return oneAtATime('cluster', async () => {
    await ensureEngine();
    const kubernetes = await ensurePrograms('kubernetes');
    const kubectl = join(kubernetes, 'kubectl');
    if (!existsSync(KUBECONFIG) || !(await isReady(kubectl))) await start(kubernetes);
    // Also one that was started before there was a metrics server.
    if (!(await hasMetrics(kubectl, KUBECONFIG))) await startMetrics(kubectl);
    return requireAnswer(KUBECONFIG, kubectl);
  });
}

/** How tests reach a cluster. */
export interface FoundCluster {
  kubeconfig: string;
  context: string;
  /** The path of the program. */
  kubectl: string;
  /** What publishes its routes; absent if it is not ours. */
  gateway?: { name: string; namespace: string; url: string };
  /** The file with the key that signs the tokens of service accounts; absent if it is not ours. */
  tokenKey?: string;
  /** Whether autoscalers are told how busy pods are. */
  hasMetrics: boolean;
}

/** The cluster of `MICRO_TEST_KUBECONFIG`, or one that runs here; `undefined` if there is none. Nothing is started. */
export async function findCluster(): Promise<FoundCluster | undefined> {
  const given = process.env['MICRO_TEST_KUBECONFIG'];
  if (!given && !existsSync(KUBECONFIG)) return undefined;
  const kubeconfig = given ?? KUBECONFIG;
  const kubectl = given ? 'kubectl' : join(await ensurePrograms('kubernetes'), 'kubectl');
  const args = ['--kubeconfig', kubeconfig, 'config', 'current-context'];
  const context = (await mustRun(kubectl, args)).trim();
  const asked = ['--kubeconfig', kubeconfig, 'version', '--output', 'json'];
  if (!given && !succeeded(await run(kubectl, asked, { withinMs: 20_000 }))) return undefined;
  const found = { kubeconfig, context, kubectl, hasMetrics: await hasMetrics(kubectl, kubeconfig) };
  if (given) return found;
  const { name, namespace, nodePort } = GATEWAY;
  const gateway = { name, namespace, url: `http://${FIRST_NODE}:${nodePort}/` };
  return { ...found, gateway, tokenKey: join(STATE, 'pki', 'sa.key') };
}

/** Removes the cluster with everything in it. Its programs stay, for the next one. */
export async function removeCluster(): Promise<void> {
  const variables = {
    KUBERNETES: '/',
    DEBIAN: '/',
    KUBE_ROUTER: '/',
    REGISTRY: 'none',
    ROAD_PORT: '0',
    CADDY: 'none',
  };
  await mustRun('docker', compose('down', '--volumes', '--remove-orphans', '--timeout', '1'), {
    env: { ...variables, STATE, PORT: String(PORT) },
  });
  await rm(STATE, { recursive: true, force: true });
}

async function start(kubernetes: string): Promise<void> {
  const registry = (await ensureRegistry()).host;
  const debian = join(HOME, 'debian');
  await ensureUnpacked(debian, DEBIAN);
  const caddy = (await ensureCaddyImage()).ref;
  await buildMachineImage();
  await pushGatewayImages(registry);
  for (const name of ['pause', 'coredns'] as const) {
    await pushProgramImage(
      `${registry}/micro-cluster/${name}:1`,
      join(await ensurePrograms(name), name),
    );
  }
  await ensureCredentials(kubernetes, PORT);

  say('starting the cluster ...');
  const env = {
    ...{ KUBERNETES: kubernetes, DEBIAN: debian, STATE, PORT: String(PORT), CADDY: caddy },
    ...{ REGISTRY: registry, ROAD_PORT: registry.split(':')[1]! },
    KUBE_ROUTER: await ensurePrograms('kube-router'),
  };
  const kubectl = join(kubernetes, 'kubectl');
  await mustRun('docker', compose('up', '--detach', '--wait', '--quiet-pull'), { env });
  for (const [index, node] of NODES.entries()) {
    const cidr = `10.244.${index + 1}.0/24`;
    const patch = JSON.stringify({ spec: { podCIDR: cidr, podCIDRs: [cidr] } });
    await mustRun(kubectl, ['--kubeconfig', KUBECONFIG, 'patch', 'node', node, '--patch', patch]);
  }
  for (const file of ['logs.yaml', 'dns.yaml']) {
    const text = await readFile(join(HERE, 'manifests', file), 'utf8');
    await apply(kubectl, text.replaceAll('${REGISTRY}', registry));
  }
  await apply(kubectl, localVolumes(NODES));
  await startGateway(kubectl, registry);
  await mustRun(kubectl, [
    ...['--kubeconfig', KUBECONFIG, '--namespace', 'kube-system'],
    ...['rollout', 'status', 'deployment/coredns', '--timeout', '60s'],
  ]);
}

/** It measures twice before it answers: nothing waits for that. */
async function startMetrics(kubectl: string): Promise<void> {
  const registry = (await ensureRegistry()).host;
  const program = join(await ensurePrograms(METRICS), METRICS);
  await pushProgramImage(`${registry}/micro-cluster/${METRICS}:1`, program);
  const text = await readFile(join(HERE, 'manifests', 'metrics.yaml'), 'utf8');
  await apply(kubectl, text.replaceAll('${REGISTRY}', registry));
}

async function startGateway(kubectl: string, registry: string): Promise<void> {
  const kinds = ['--filename', await gatewayKinds(), '--recursive'];
  await mustRun(kubectl, ['--kubeconfig', KUBECONFIG, 'apply', '--server-side', ...kinds]);
  const file = join(HERE, 'manifests', 'gateway.yaml');
  await apply(kubectl, (await readFile(file, 'utf8')).replaceAll('${REGISTRY}', registry));
  const { name, namespace } = GATEWAY;
  await mustRun(kubectl, [
    ...['--kubeconfig', KUBECONFIG, '--namespace', namespace],
    ...['wait', '--for', 'condition=Programmed', `gateway/${name}`, '--timeout', '90s'],
  ]);
}

async function apply(kubectl: string, text: string): Promise<void> {
  await mustRun('sh', [
    '-c',
    'printf %s "$1" | "$2" --kubeconfig "$3" apply --server-side --filename -',
    'sh',
    text,
    kubectl,
    KUBECONFIG,
  ]);
}

/** Whether the cluster runs pods and answers at its Gateway, which is ready last. */
async function isReady(kubectl: string): Promise<boolean> {
  const questions = [
    ['wait', '--for', 'condition=Ready', ...NODES.map((node) => `node/${node}`)],
    ['--namespace', 'kube-system', 'rollout', 'status', 'deployment/coredns'],
    ['--namespace', GATEWAY.namespace, 'wait', '--for', 'condition=Programmed', 'gateway/public'],
  ];
  for (const args of questions) {
    const asked = ['--kubeconfig', KUBECONFIG, ...args, '--timeout', '1s'];
    if (!succeeded(await run(kubectl, asked, { withinMs: 10_000 }))) return false;
  }
  // A cluster that was started by an earlier version has none.
  const enforcer = ['exec', `micro-cluster-${NODES[0]}-1`, 'pgrep', '--exact', 'kube-router'];
  return succeeded(await run('docker', enforcer, { withinMs: 10_000 }));
}

async function requireAnswer(kubeconfig: string, kubectl: string): Promise<Cluster> {
  const args = ['--kubeconfig', kubeconfig, 'version', '--output', 'json'];
  const outcome = await run(kubectl, args, { withinMs: 20_000 });
  if (!succeeded(outcome)) {
    throw new LabError(`No cluster answers by ${kubeconfig}:\n${outcome.stderr.trim()}`);
  }
  const { serverVersion } = JSON.parse(outcome.stdout) as { serverVersion: { gitVersion: string } };
  return { kubeconfig, version: serverVersion.gitVersion };
}

function compose(...args: string[]): string[] {
  return ['compose', '--file', COMPOSE_FILE, ...args];
}
