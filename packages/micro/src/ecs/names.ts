import { ecsNames, type EcsEnvironment } from '../platform/ecs-environment';
import type { Platform } from '../platform/platform';

/** What everything of a platform in an environment has in common on AWS. */
export interface EcsScope {
  platform: string;
  environment: string;
  region: string;
  cluster: string;
  namespace: string;
  logGroup: string;
  /** What the names of its services and task definitions begin with: `acme-production`. */
  prefix: string;
}

export function scopeOf({ name }: Platform, environment: EcsEnvironment): EcsScope {
  const { region } = environment;
  return { platform: name, environment: environment.name, region, ...ecsNames(name, environment) };
}

/** The name of a service or task definition. A cluster and an account may hold several platforms. */
export function nameOnEcs({ prefix }: Pick<EcsScope, 'prefix'>, entry: string): string {
  return `${prefix}-${entry}`;
}

/** By these, everything of ours is found, and costs can be told apart. */
export function tagsOf({ platform, environment }: EcsScope, entry: string, more: Tags = {}) {
  return Object.entries({
    'org.micro/platform': platform,
    'org.micro/environment': environment,
    'org.micro/entry': entry,
    ...more,
  }).map(([key, value]) => ({ key, value }));
}

type Tags = Readonly<Record<string, string>>;
