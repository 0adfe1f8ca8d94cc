import { delimiter, dirname, isAbsolute } from 'node:path';
import type { FoundCluster } from '../../cluster/cluster.js';
import { ensureNodeImage } from '../../images/node/node-image.js';
import { say } from '../../program.js';
import { ensureRegistry } from '../../registry/ensure-registry.js';
import { vendorPackages } from '../../testing/packed-plugin.js';
import { removePlatform } from '../../testing/remove-platform.js';
import { createWorkspace } from '../../testing/workspace.js';
import { INSTALL } from '../contenders/quiet-install.js';
import { openContenders, requireWorked, type Contender } from './contenders.js';
import { pushVersion } from './images.js';
import { requireVersion } from './measure.js';
import { CHANGED, portOfChanged, SERVICES, writePlatform } from './platform.js';

/** One workspace, which every contender deploys to a namespace of its own. */
export interface Site {
  contenders: readonly Contender[];
  /** Of Kubernetes. */
  version: string;
  /** What the changed service answers once a contender has deployed it. */
  readonly served: string;
  /** Makes everything, and deploys it once with each contender. */
  setUp: () => Promise<void>;
  /** Makes and pushes another version of one service. */
  change: (version: string) => Promise<void>;
  /** Where the changed service of a contender is called. */
  addressOf: (contender: Contender) => string;
  remove: () => Promise<void>;
}

/** @param wanted ids of contenders beside the first; all if absent. */
export async function openSite(
  cluster: FoundCluster,
  helm: string,
  wanted: readonly string[] | undefined,
): Promise<Site> {
  await ensureNodeImage();
  const registry = process.env['MICRO_TEST_REGISTRY'] ?? (await ensureRegistry()).host;
  const place = { context: cluster.context, registry };
  process.env['KUBECONFIG'] = cluster.kubeconfig;
  // The program of that cluster first, as people have it.
  if (isAbsolute(cluster.kubectl)) {
    process.env['PATH'] = [dirname(cluster.kubectl), process.env['PATH']].join(delimiter);
  }
  const workspace = await createWorkspace('bench-kubernetes');
  const contenders = openContenders(workspace, cluster, helm).filter(
    ({ id }, index) => index === 0 || (wanted?.includes(id) ?? true),
  );
  const addresses = new Map<string, string>();
  let served = 'v0';
  const push = async (services: readonly string[], version: string) => {
    await workspace.write(`apps/${CHANGED}/version.txt`, `${version}\n`);
    await workspace.commit(`Version ${version}`);
    await pushVersion(workspace, place, services, version);
    for (const { prepare } of contenders) await prepare();
    served = version;
  };
  return {
    contenders,
    version: await versionOf(contenders[0]!),
    get served() {
      return served;
    },
    setUp: async () => {
      say(`setting up ${SERVICES.length} services for ${contenders.length} ways to deploy ...`);
      const packages = await vendorPackages(workspace.root);
      await workspace.npm(...INSTALL, '--save-dev', ...packages);
      await writePlatform(workspace, place);
      await push(SERVICES, served);
      for (const { id, title, namespace, rollOut } of contenders) {
        say(`the first deploy: ${title}`);
        await namespace.create();
        requireWorked(title, await rollOut());
        const address = await namespace.publish(CHANGED, portOfChanged());
        await requireVersion(title, address, served);
        addresses.set(id, address);
      }
    },
    change: (version) => push([CHANGED], version),
    addressOf: ({ id }) => addresses.get(id)!,
    remove: async () => {
      await workspace.startNx(['daemon', '--stop']).ended.catch(() => undefined);
      for (const { namespace } of contenders) await namespace.remove();
      await removePlatform(workspace.name, [], registry);
      await workspace.remove();
    },
  };
}

async function versionOf({ namespace }: Contender): Promise<string> {
  const answer = await namespace.kubectl('version', '--output', 'json');
  return (JSON.parse(answer) as { serverVersion: { gitVersion: string } }).serverVersion.gitVersion;
}
