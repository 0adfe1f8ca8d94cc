import { readAnyEnvironment } from '../../effects/environments';
import { unknownEngine } from '../../platform/environment';
import type { Platform } from '../../platform/platform';
import { clusterPlace } from './cluster-place';
import { composePlace } from './compose-place';
import type { Place } from './place';

/**
 * The place that an environment of this name is.
 * @throws {UserError} if it does not exist, or nothing there can be backed up by us.
 */
export function readPlace(workspaceRoot: string, platform: Platform, name: string): Place {
  const environment = readAnyEnvironment(workspaceRoot, name);
  if (environment.engine === 'kubernetes') return clusterPlace(platform, environment);
  if (environment.engine === 'ecs') throw unknownEngine(environment);
  return composePlace(platform.name, environment);
}
