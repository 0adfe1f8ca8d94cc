import { mustRun } from '../command.js';
import { oneAtATime } from '../one-at-a-time.js';

interface Volume {
  metadata: { name: string };
  spec: { local?: { path: string }; claimRef?: unknown };
  status?: { phase?: string };
}

/**
 * Empties the volumes of our own cluster whose claims are gone, so that others can claim them: nothing else does, since
 * a folder of a node has no provisioner. Those in use stay.
 */
export async function freeVolumes(kubectl: string, kubeconfig: string): Promise<void> {
  const at = ['--kubeconfig', kubeconfig];
  await oneAtATime('cluster-volumes', async () => {
    const text = await mustRun(kubectl, [...at, 'get', 'persistentvolumes', '--output', 'json']);
    const { items } = JSON.parse(text) as { items: Volume[] };
    for (const { metadata, spec, status } of items) {
      if (status?.phase !== 'Released' || !spec.local) continue;
      const [, node] = /^(.*)-\d+$/.exec(metadata.name)!;
      const empty = ['find', spec.local.path, '-mindepth', '1', '-delete'];
      await mustRun('docker', ['exec', `micro-cluster-${node}-1`, ...empty]);
      const patch = ['--type', 'json', '--patch', '[{"op":"remove","path":"/spec/claimRef"}]'];
      await mustRun(kubectl, [...at, 'patch', 'persistentvolume', metadata.name, ...patch]);
    }
  });
}
