import { serviceNamed, type Platform, type Service } from '../platform/platform';
import { reaches } from '../platform/reach';

/**
 * The providers that `consumer` can wait for when the platform starts: those that do not wait for it themselves,
 * directly or over other links. Compose refuses a circular start order.
 */
export function providersToWaitFor(platform: Platform, consumer: Service): string[] {
  const consumes = (name: string) => serviceNamed(platform, name).consumes;
  return consumer.consumes.filter((provider) => !reaches(consumes, provider, consumer.name));
}
