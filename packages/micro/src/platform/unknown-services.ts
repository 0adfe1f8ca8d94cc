import type { Problem } from './problem';
import { didYouMean, type YamlSource } from './yaml-source';

/** The keys of an environment under which services are named. */
const KEYS = ['services', 'links'] as const;

/** Each service that an environment names and the platform does not have, whatever else is wrong in the file. */
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

/** A name that is like no other is most likely what a removed service left behind. */
function hint(service: string, known: readonly string[]): string {
  const near = didYouMean(service, known);
  return near.endsWith('?') ? near : `${near}; remove it if the service is gone`;
}

function keysOf(map: unknown): string[] {
  return typeof map === 'object' && map !== null && !Array.isArray(map) ? Object.keys(map) : [];
}
