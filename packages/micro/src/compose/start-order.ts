import { serviceNamed, type Platform, type Service } from '../platform/platform';

/**
 * The providers that `consumer` can wait for when the platform starts: those that do not, over
 * whatever links, wait for it. Compose refuses a platform whose start order is a circle.
 */
export function providersToWaitFor(platform: Platform, consumer: Service): string[] {
  return consumer.consumes.filter((provider) => !reaches(platform, provider, consumer.name));
}

function reaches(platform: Platform, from: string, to: string): boolean {
  const seen = new Set<string>();
  const pending = [from];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === to) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    pending.push(...serviceNamed(platform, name).consumes);
  }
  return false;
}
