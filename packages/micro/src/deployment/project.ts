import type { EngineAddress } from '../docker/command';
import type { Environment } from '../platform/environment';

/** The Compose project of a platform in an environment: `acme-production`. */
export function projectNameOf(platformName: string, environment: Environment): string {
  return environment.project ?? `${platformName}-${environment.name}`;
}

/** The engine that runs an environment. */
export function addressOf({ context, host }: Environment): EngineAddress {
  return { context, host };
}

/** `environments/production.compose.yaml`, which a person may keep beside `environments/production.yml`. */
export function overlayFile({ file }: Pick<Environment, 'file'>): string {
  return file.replace(/\.yml$/, '.compose.yaml');
}
