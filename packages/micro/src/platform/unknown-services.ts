import type { Problem } from './problem';
import { didYouMean, type YamlSource } from './yaml-source';

/** The keys of an environment that contain service names. */
const KEYS = ['services', 'links'] as const;

/** Each service that an environment names and that does not exist. Found even if the file has other problems. */
export function unknownServices(
  { file, value, lineOfKey }: YamlSource,
  known: readonly string[],
): Problem[] {
  return KEYS.flatMap((key) =>
    keysOf((value as Readonly<Record<string, unknown>> | null)?.[key])
      .filter((service) => !known.includes(service))
      .map((service) => ({
        file,
        line: lineOfKey([key], service),
        message: `"${service}" is not a service of this platform${hint(service, known)}`,
      })),
  );
}

/** A name without a similar existing one most likely belongs to a removed service. */
function hint(service: string, known: readonly string[]): string {
  const near = didYouMean(service, known);
  return near.endsWith('?') ? near : `${near}; remove it if the service is gone`;
}

function keysOf(map: unknown): string[] {
  return typeof map === 'object' && map !== null && !Array.isArray(map) ? Object.keys(map) : [];
}
