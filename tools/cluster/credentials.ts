import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { mustRun } from '../command.js';
import { KUBECONFIG, STATE } from './home.js';
import { KUBERNETES_VERSION } from './programs.js';

/** Users with a kubeconfig of their own, besides those that kubeadm creates itself. */
const USERS = [
  { file: 'node-1.conf', name: 'system:node:node-1', group: 'system:nodes' },
  { file: 'node-2.conf', name: 'system:node:node-2', group: 'system:nodes' },
  { file: 'kube-proxy.conf', name: 'system:kube-proxy', group: 'system:node-proxier' },
];

/** The name of the API server in compose.yaml. */
const SERVER = 'https://api-server:6443';

/**
 * Writes the keys, certificates and kubeconfigs of a cluster to `STATE`, unless they exist. kubeadm creates an
 * authority for each cluster.
 *
 * @param kubernetes folder of kubeadm.
 * @param port of the API server on 127.0.0.1.
 */
export async function ensureCredentials(kubernetes: string, port: number): Promise<void> {
  if (existsSync(KUBECONFIG)) return;
  const kubeadm = (...args: string[]) => mustRun(join(kubernetes, 'kubeadm'), args);
  const config = join(STATE, 'kubeadm.yaml');
  await mkdir(STATE, { recursive: true, mode: 0o700 });
  await writeFile(config, kubeadmConfig(join(STATE, 'pki')));
  await kubeadm('init', 'phase', 'certs', 'all', '--config', config);
  await kubeadm(
    'init',
    'phase',
    'kubeconfig',
    'all',
    '--config',
    config,
    '--kubeconfig-dir',
    STATE,
  );
  for (const { file, name, group } of USERS) {
    const args = ['--config', config, '--client-name', name, '--org', group];
    await writeFile(join(STATE, file), await kubeadm('kubeconfig', 'user', ...args), {
      mode: 0o600,
    });
  }
  const admin = await readFile(join(STATE, 'super-admin.conf'), 'utf8');
  const text = admin.replaceAll(SERVER, `https://127.0.0.1:${port}`);
  await writeFile(KUBECONFIG, text, { mode: 0o600 });
}

function kubeadmConfig(certificatesDir: string): string {
  const apiVersion = 'kubeadm.k8s.io/v1beta4';
  return [
    {
      apiVersion,
      kind: 'ClusterConfiguration',
      clusterName: 'micro-cluster',
      kubernetesVersion: KUBERNETES_VERSION,
      certificatesDir,
      controlPlaneEndpoint: new URL(SERVER).host,
      apiServer: { certSANs: ['127.0.0.1', 'localhost', 'api-server'] },
      etcd: { local: { dataDir: '/var/lib/etcd', serverCertSANs: ['etcd'] } },
      networking: { serviceSubnet: '10.96.0.0/16', podSubnet: '10.244.0.0/16' },
    },
    {
      apiVersion,
      kind: 'InitConfiguration',
      nodeRegistration: { name: 'control-plane' },
      localAPIEndpoint: { advertiseAddress: '198.19.128.2', bindPort: 6443 },
    },
  ]
    .map((document) => stringify(document))
    .join('---\n');
}
