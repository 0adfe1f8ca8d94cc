import { join } from 'node:path';
import { mustRun } from '../command.js';
import { ensureEnvoyImage } from '../images/envoy/envoy-image.js';
import { pushProgramImage } from './images.js';
import { ensurePrograms } from './programs.js';

/** The Gateway of the cluster, and where its proxy listens on each node. */
export const GATEWAY = { name: 'public', namespace: 'envoy-gateway-system', nodePort: 30_080 };

/** Builds and pushes what a Gateway runs on. */
export async function pushGatewayImages(registry: string): Promise<void> {
  const gateway = await ensurePrograms('envoy-gateway');
  const ref = `${registry}/micro-cluster/envoy:1`;
  await pushProgramImage(
    `${registry}/micro-cluster/envoy-gateway:1`,
    join(gateway, 'envoy-gateway'),
    // Its proxies are started with a second container that runs it by its name.
    '/usr/local/bin/envoy-gateway',
  );
  await ensureEnvoyImage(ref);
  await mustRun('docker', ['push', '--quiet', ref]);
}

/** The folder with the kinds of the Gateway API and of Envoy Gateway. */
export async function gatewayKinds(): Promise<string> {
  return join(await ensurePrograms('envoy-gateway'), 'files');
}
