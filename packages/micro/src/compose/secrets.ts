import { parseEnv } from 'node:util';
import type { Platform } from '../platform/platform';
import { datastoresOf, platformBroker } from './datastore';
import { callersOf, keyVariable } from '../platform/service-key';
import { passwordVariable } from './password';

/**
 * The variables that the root `.env` must hold, sorted. Values end up in URLs: letters and digits.
 *
 * @param isObserved whether the platform collects metrics and traces.
 */
export function requiredSecrets(platform: Platform, isObserved = false): string[] {
  const datastores = platform.services.flatMap((service) =>
    datastoresOf(service).map(({ name }) => name),
  );
  const broker = platformBroker(platform);
  const others = [...(broker ? [broker.name] : []), ...(isObserved ? ['grafana'] : [])];
  const keys = platform.services.flatMap((provider) =>
    callersOf(platform, provider).map(({ name }) => keyVariable(name, provider.name)),
  );
  return [...[...datastores, ...others].map(passwordVariable), ...keys].sort();
}

/** Those of {@link requiredSecrets} that `envText`, the text of the root `.env`, lacks or leaves empty. */
export function missingSecrets(platform: Platform, envText: string, isObserved = false): string[] {
  const present = parseEnv(envText);
  return requiredSecrets(platform, isObserved).filter((variable) => !present[variable]);
}
