import { parseDocument } from 'yaml';

/** The keys of an entry that matter here, as a person may write them. */
interface Entry {
  build?: { target?: unknown } | string;
  healthcheck?: { disable?: unknown; test?: unknown } | null;
}

/**
 * Whether a container of a service reports its health: by a `healthcheck` in its entry, or by one in its image. Compose
 * refuses to wait for the health of a service that has no check.
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
  // A file that cannot be read is reported elsewhere, when it is derived.
  const document = parseDocument(text ?? '', { merge: true, logLevel: 'silent' });
  const all = document.errors.length > 0 ? undefined : (document.toJS() as unknown);
  const { services } = (all ?? {}) as { services?: Record<string, Entry | null> | null };
  return services?.[name] ?? {};
}

function isNone(test: unknown): boolean {
  return test === 'NONE' || (Array.isArray(test) && test[0] === 'NONE');
}
