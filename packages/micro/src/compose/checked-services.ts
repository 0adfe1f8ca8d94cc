import { parseDocument } from 'yaml';

/** What counts of an entry here, as a person writes it. */
interface Entry {
  build?: { target?: unknown } | string;
  healthcheck?: { disable?: unknown; test?: unknown } | null;
}

/**
 * Whether something says if a container of a service is healthy: a `healthcheck` in its entry, or its image. Compose
 * refuses to wait for the health of one that nobody checks.
 *
 * @param text its compose file.
 * @param imageHasCheck whether its image has a check, if this stage is built.
 */
export function isChecked(
  name: string,
  text: string | undefined,
  imageHasCheck: (target: string | undefined) => boolean,
): boolean {
  const { healthcheck, build } = entryIn(text, name);
  if (healthcheck?.disable === true || isNone(healthcheck?.test)) return false;
  if (healthcheck?.test !== undefined) return true;
  const target = typeof build === 'object' ? build.target : undefined;
  return imageHasCheck(typeof target === 'string' ? target : undefined);
}

function entryIn(text: string | undefined, name: string): Entry {
  // A file that cannot be read is a problem of who derives it.
  const document = parseDocument(text ?? '', { merge: true, logLevel: 'silent' });
  const all = document.errors.length > 0 ? undefined : (document.toJS() as unknown);
  const { services } = (all ?? {}) as { services?: Record<string, Entry | null> | null };
  return services?.[name] ?? {};
}

function isNone(test: unknown): boolean {
  return test === 'NONE' || (Array.isArray(test) && test[0] === 'NONE');
}
