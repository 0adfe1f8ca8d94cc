import { linkVariable } from './link';
import { toUpperSnake } from './name';
import { serviceNamed, type Platform, type Service } from './platform';

/** The services that may call a provider with service keys: those that declare the link. */
export function callersOf({ services }: Platform, { name, auth }: Service): Service[] {
  return auth === 'service-keys' ? services.filter(({ consumes }) => consumes.includes(name)) : [];
}

/** The providers of a service that require its key, in the order of its manifest. */
export function keyedProviders(platform: Platform, { consumes }: Service): string[] {
  return consumes.filter((name) => serviceNamed(platform, name).auth === 'service-keys');
}

/**
 * The variable in the root's `.env` with the key of a link. Each link has its own key, so that no provider can pretend
 * to be its caller elsewhere. Service names have no double hyphen, so `__` separates them.
 *
 * @returns `GATEWAY__ORDERS_SERVICE_KEY`
 */
export function keyVariable(consumer: string, provider: string): string {
  return `${toUpperSnake(consumer)}__${toUpperSnake(provider)}_SERVICE_KEY`;
}

/** The variable with the key that a consumer sends: `MICROSERVICE_ORDERS_KEY`. */
export function sentKeyVariable(provider: string): string {
  return linkVariable(provider).replace(/_URL$/, '_KEY');
}

/** The variable with which a provider recognises a caller: `CALLER_GATEWAY_KEY`. */
export function callerKeyVariable(consumer: string): string {
  return `CALLER_${toUpperSnake(consumer)}_KEY`;
}

/** Matches every variable of a service with a key, also of links that are gone. */
export const SERVICE_KEY_VARIABLE = /^(?:MICROSERVICE|CALLER)_[A-Z0-9_]+_KEY$/;

/** Whether a value refers to the key of a link. Any other value was written by a person. */
export function refersToKey(text: string | undefined): boolean {
  return text !== undefined && /\$\{[A-Z0-9_]+__[A-Z0-9_]+_SERVICE_KEY\b/.test(text);
}

/** The keys that a service sends, and those of its callers. */
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
