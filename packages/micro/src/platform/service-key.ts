import { linkVariable } from './link';
import { toUpperSnake } from './name';
import { serviceNamed, type Platform, type Service } from './platform';

/** The services that may call one that asks for service keys: those that say they do. */
export function callersOf({ services }: Platform, { name, auth }: Service): Service[] {
  return auth === 'service-keys' ? services.filter(({ consumes }) => consumes.includes(name)) : [];
}

/** The providers of a service that ask for its key, in the order of its manifest. */
export function keyedProviders(platform: Platform, { consumes }: Service): string[] {
  return consumes.filter((name) => serviceNamed(platform, name).auth === 'service-keys');
}

/**
 * Where the root's `.env` holds the key of a link. Each link has its own, so that no provider can
 * pass for its caller elsewhere; names have no double hyphen, so `__` tells them apart.
 *
 * @returns `GATEWAY__ORDERS_SERVICE_KEY`
 */
export function keyVariable(consumer: string, provider: string): string {
  return `${toUpperSnake(consumer)}__${toUpperSnake(provider)}_SERVICE_KEY`;
}

/** In which a consumer finds the key that it sends: `MICROSERVICE_ORDERS_KEY`. */
export function sentKeyVariable(provider: string): string {
  return linkVariable(provider).replace(/_URL$/, '_KEY');
}

/** In which a provider finds the key of a caller: `CALLER_GATEWAY_KEY`. */
export function callerKeyVariable(consumer: string): string {
  return `CALLER_${toUpperSnake(consumer)}_KEY`;
}

/** Any variable of a service that holds a key, of this platform or of a link that is gone. */
export const SERVICE_KEY_VARIABLE = /^(?:MICROSERVICE|CALLER)_[A-Z0-9_]+_KEY$/;

/** Whether a value is the key of a link, by reference; one that a person wrote is theirs. */
export function refersToKey(text: string | undefined): boolean {
  return text !== undefined && /\$\{[A-Z0-9_]+__[A-Z0-9_]+_SERVICE_KEY\b/.test(text);
}

/** The keys that a service sends, and those by which it knows its callers. */
export function keyVariables(
  platform: Platform,
  service: Service,
  reference: (variable: string) => string,
): Record<string, string> {
  return Object.fromEntries([
    ...keyedProviders(platform, service).map((provider) => [
      sentKeyVariable(provider),
      reference(keyVariable(service.name, provider)),
    ]),
    ...callersOf(platform, service).map(({ name }) => [
      callerKeyVariable(name),
      reference(keyVariable(name, service.name)),
    ]),
  ]) as Record<string, string>;
}
