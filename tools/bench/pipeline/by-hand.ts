import { json } from '../application/json.js';
import type { Workspace } from '../../testing/workspace.js';

/**
 * A bake file for the same Dockerfiles, as somebody without this plugin writes it. The build caches of all services are in
 * one repository of the registry, because most of their layers are the same: in one repository for each service, each
 * layer would be stored as often.
 */
export const BAKE_FILE = 'docker-bake.json';

export async function writeBakeFile(
  workspace: Workspace,
  host: string,
  services: readonly string[],
): Promise<void> {
  const target = Object.fromEntries(
    services.map((service) => {
      const image = `${host}/${repositoryByHand(workspace, service)}`;
      const cache = `type=registry,ref=${host}/${cacheByHand(workspace)}:${service}`;
      return [
        service,
        {
          context: '.',
          dockerfile: `apps/${service}/Dockerfile`,
          network: 'host',
          tags: [`${image}:latest`],
          'cache-from': [cache],
          'cache-to': [`${cache},mode=max`],
        },
      ];
    }),
  );
  await workspace.write(BAKE_FILE, json({ group: { default: { targets: services } }, target }));
}

/** Beside the images of this plugin, so that neither finds those of the other. */
export function repositoryByHand({ name }: Workspace, service: string): string {
  return `${name}-by-hand/${service}`;
}

export function cacheByHand({ name }: Workspace): string {
  return `${name}-by-hand/cache`;
}
