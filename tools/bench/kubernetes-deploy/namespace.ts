import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FoundCluster } from '../../cluster/cluster.js';
import { mustRun } from '../../command.js';
import { inTemporaryDirectory } from '../../images/temporary-directory.js';

/** A namespace of the test cluster, which one contender deploys to. */
export class Namespace {
  constructor(
    private readonly cluster: Pick<FoundCluster, 'kubectl' | 'kubeconfig'>,
    readonly name: string,
  ) {}

  kubectl(...args: string[]): Promise<string> {
    const { kubectl, kubeconfig } = this.cluster;
    const where = ['--kubeconfig', kubeconfig, '--namespace', this.name];
    return mustRun(kubectl, [...where, ...args]);
  }

  async create(): Promise<void> {
    await this.kubectl('create', 'namespace', this.name);
    const level = 'pod-security.kubernetes.io/enforce=restricted';
    await this.kubectl('label', 'namespace', this.name, level);
  }

  async remove(): Promise<void> {
    await this.kubectl('delete', 'namespace', this.name, '--ignore-not-found', '--wait=false');
  }

  /**
   * Opens a port of the nodes to a service, which everybody may then reach. The objects belong to no contender.
   *
   * @returns its address.
   */
  async publish(service: string, port: number): Promise<string> {
    const metadata = { name: `${service}-load` };
    const selector = { 'app.kubernetes.io/name': service };
    await this.createObjects([
      {
        ...{ apiVersion: 'v1', kind: 'Service', metadata },
        spec: { type: 'NodePort', selector, ports: [{ port, targetPort: port }] },
      },
      {
        ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata },
        spec: { podSelector: { matchLabels: selector }, ingress: [{}] },
      },
    ]);
    const path = 'jsonpath={.spec.ports[0].nodePort}';
    const nodePort = await this.kubectl('get', 'service', metadata.name, '--output', path);
    const addresses = 'jsonpath={.items[*].status.addresses[?(@.type=="InternalIP")].address}';
    const nodes = await this.kubectl('get', 'nodes', '--output', addresses);
    return `http://${nodes.split(' ')[0]}:${nodePort}/`;
  }

  private createObjects(items: readonly object[]): Promise<void> {
    return inTemporaryDirectory(async (folder) => {
      const file = join(folder, 'objects.json');
      await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
      await this.kubectl('create', '--filename', file);
    });
  }

  /** The version of each object that somebody deploys; what is written gets another one. */
  async versions(): Promise<Map<string, string>> {
    const format =
      'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}';
    const text = await this.kubectl('get', KINDS.join(','), '--output', format);
    const lines = text.split('\n').filter(Boolean);
    return new Map(lines.map((line) => line.split(' ') as [string, string]));
  }
}

/** All that contenders write. Pods, ReplicaSets and the like are written by the cluster. */
const KINDS = [
  ...['deployments', 'services', 'serviceaccounts', 'networkpolicies', 'configmaps', 'secrets'],
  ...['jobs', 'statefulsets', 'horizontalpodautoscalers', 'poddisruptionbudgets', 'leases'],
];

/** The names of objects that were written, made or deleted between two readings, sorted. */
export function writtenBetween(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).sort();
}
