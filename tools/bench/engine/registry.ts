import { ensureRegistry } from '../../registry/ensure-registry.js';

const MANIFESTS = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Deletes every manifest of these repositories from the registry, if it allows deleting. */
export async function removeRepositories(repositories: readonly string[]): Promise<void> {
  const { host } = await ensureRegistry();
  for (const repository of repositories) {
    const url = `http://${host}/v2/${repository}`;
    const listed = await fetch(`${url}/tags/list`);
    if (!listed.ok) continue;
    const { tags } = (await listed.json()) as { tags: string[] | null };
    for (const tag of tags ?? []) await removeManifest(url, tag);
  }
}

async function removeManifest(url: string, tag: string): Promise<void> {
  const head = await fetch(`${url}/manifests/${tag}`, {
    method: 'HEAD',
    headers: { accept: MANIFESTS },
  });
  const digest = head.headers.get('docker-content-digest');
  if (digest) await fetch(`${url}/manifests/${digest}`, { method: 'DELETE' });
}
