import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../platform/environment';
import { UserError } from '../platform/user-error';
import { ROOT_COMPOSE_FILE } from '../platform/workspace';

/** What the containers of a platform in an environment have in common: `acme-production`. */
export function projectNameOf(platformName: string, environment: Environment): string {
  return environment.project ?? `${platformName}-${environment.name}`;
}

/** The workspace's own files, then what a person keeps for this environment. */
export function composeFiles(workspaceRoot: string, environment: Environment): string[] {
  if (!existsSync(join(workspaceRoot, ROOT_COMPOSE_FILE))) {
    throw new UserError(`${ROOT_COMPOSE_FILE} is not there: run "nx g @org/micro:init"`);
  }
  const own = overlayFile(environment);
  return [ROOT_COMPOSE_FILE, ...(existsSync(join(workspaceRoot, own)) ? [own] : [])];
}

/** `environments/production.compose.yaml`, which a person may keep beside `environments/production.yml`. */
export function overlayFile({ file }: Pick<Environment, 'file'>): string {
  return file.replace(/\.yml$/, '.compose.yaml');
}
