import { parseDocument } from 'yaml';
import { dockerfileOf } from '../dockerfile/dockerfile-edit';
import { hasHealthCheck } from '../dockerfile/health-check';
import type { Service } from '../platform/platform';
import { serviceComposeFile } from './paths';

/** What counts of an entry here, as a person writes it. */
interface Entry {
  build?: { target?: unknown } | string;
  healthcheck?: { disable?: unknown; test?: unknown } | null;
}

/**
 * Whether something says if a container of the service is healthy: a `healthcheck` in its entry, or its Dockerfile.
 * Compose refuses to wait for the health of one that nobody checks.
 */
export function isChecked(service: Service, read: (path: string) => string | undefined): boolean {
  const entry = entryIn(read(serviceComposeFile(service)), service.name);
  const { healthcheck } = entry;
  if (healthcheck?.disable === true || isNone(healthcheck?.test)) return false;
  if (healthcheck?.test !== undefined) return true;
  const dockerfile = read(dockerfileOf(service));
  const target = typeof entry.build === 'object' ? entry.build.target : undefined;
  // Without a Dockerfile nobody here knows the image.
  return (
    dockerfile === undefined ||
    hasHealthCheck(dockerfile, typeof target === 'string' ? target : undefined)
  );
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
