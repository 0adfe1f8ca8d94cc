import { parseEnv } from 'node:util';
import { brokerAccount, passwordVariable } from '../platform/account';
import { hasServiceAccounts } from '../platform/datastore';
import type { Platform } from '../platform/platform';
import { datastoresOf, platformBroker } from './datastore';
import { callersOf, keyVariable } from '../platform/service-key';

/**
 * The variables that the root's `.env` must have, sorted. Their values become parts of URLs, so they must be letters
 * and digits.
 *
 * @param isObserved whether the platform collects metrics and traces.
 */
export function requiredSecrets(platform: Platform, isObserved = false): string[] {
  const datastores = platform.services.flatMap((service) =>
    datastoresOf(service).flatMap(({ name, accounts }) => [
      passwordVariable(name),
      ...(accounts ? [accounts.owner.passwordVariable, accounts.service.passwordVariable] : []),
    ]),
  );
  const broker = platformBroker(platform);
  const atBroker = broker
    ? platform.services
        .filter((service) => hasServiceAccounts(service.broker))
        .map(({ name }) => brokerAccount(name, broker.name).passwordVariable)
    : [];
  const others = [...(broker ? [broker.name] : []), ...(isObserved ? ['grafana'] : [])];
  const keys = platform.services.flatMap((provider) =>
    callersOf(platform, provider).map(({ name }) => keyVariable(name, provider.name)),
  );
  return [...datastores, ...atBroker, ...others.map(passwordVariable), ...keys].sort();
}

/** Those of {@link requiredSecrets} that are missing or empty in `envText`, the text of the root's `.env`. */
export function missingSecrets(platform: Platform, envText: string, isObserved = false): string[] {
  const present = parseEnv(envText);
  return requiredSecrets(platform, isObserved).filter((variable) => !present[variable]);
}
