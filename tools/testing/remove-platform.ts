import { run } from '../command.js';
import { readDigest } from './deployed-platform.js';

/**
 * Removes everything of a platform: containers, networks and volumes of its Compose projects, and its images on the
 * engine and, if one is given, in a registry. Continues after failures. What does not exist any more is not an error.
 */
export async function removePlatform(
  platform: string,
  projects: readonly string[],
  registry?: string,
): Promise<void> {
  for (const project of projects) await removeProject(project);
  if (registry !== undefined) await removeFromRegistry(platform, registry);
  for (const repositories of [`${platform}/*`, `*/${platform}/*`]) {
    const ours = ['--filter', `reference=${repositories}`];
    // By name and not by id: another image with the same id would lose its names, too.
    await remove(['image', 'rm'], ['image', 'ls', '--digests', ...ours, '--format', REFERENCE]);
  }
}

/** Removes containers, networks and volumes of one Compose project. Its images stay. */
export async function removeProject(project: string): Promise<void> {
  const ours = `label=com.docker.compose.project=${project}`;
  await remove(
    ['container', 'rm', '--force', '--volumes'],
    ['ps', '--all', '--quiet', '--filter', ours],
  );
  // Records of deploys: releases, and a lock that was left.
  const notes = `label=org.micro.project=${project}`;
  await remove(['container', 'rm', '--force'], ['ps', '--all', '--quiet', '--filter', notes]);
  await remove(['network', 'rm'], ['network', 'ls', '--quiet', '--filter', ours]);
  await remove(['volume', 'rm'], ['volume', 'ls', '--quiet', '--filter', ours]);
  await remove(['volume', 'rm'], ['volume', 'ls', '--quiet', '--filter', notes]);
}

const REFERENCE =
  '{{if eq .Tag "<none>"}}{{.Repository}}@{{.Digest}}{{else}}{{.Repository}}:{{.Tag}}{{end}}';

/** Passes the lines of the second command's output as arguments to the first. */
async function remove(removing: string[], listing: string[]): Promise<void> {
  const { stdout } = await run('docker', listing);
  const listed = [...new Set(stdout.split('\n').filter(Boolean))];
  if (listed.length > 0) await run('docker', [...removing, ...listed]);
}

/** The repositories that the engine has pushed to. A registry that forbids deleting keeps them. */
async function removeFromRegistry(platform: string, registry: string): Promise<void> {
  const ours = `reference=${registry}/${platform}/*`;
  const format = '{{.Repository}}';
  const listing = ['image', 'ls', '--filter', ours, '--format', format];
  const { stdout } = await run('docker', listing);
  for (const image of new Set(stdout.split('\n').filter(Boolean))) {
    const repository = image.slice(registry.length + 1);
    const at = `http://${registry}/v2/${repository}`;
    const answer = await fetch(`${at}/tags/list`).catch(() => undefined);
    const { tags } = ((await answer?.json()) ?? {}) as { tags?: string[] | null };
    for (const tag of tags ?? []) {
      const digest = await readDigest(registry, repository, tag);
      if (digest) await fetch(`${at}/manifests/${digest}`, { method: 'DELETE' });
    }
  }
}
