import type { ComposeConfig, ComposeEntry } from './entry';
import { STOP_VARIABLE } from './stop-time';
import type { ComposeSlice } from './slice';

/** Keys that hold no secret, and whose rendered value differs from the one in the files. */
const AS_RENDERED = new Set([
  ...['build', 'container_name', 'depends_on', 'deploy', 'develop', 'env_file', 'environment'],
  ...['image', 'networks', 'ports', 'volumes'],
]);

/**
 * A slice with its original references instead of values: `${PASSWORD}`, a variable that is passed through, an
 * `env_file`. It can be recorded without secrets, and is filled in again when it is deployed again.
 *
 * @param raw the project with nothing filled in, as `docker compose config --no-interpolate` prints it.
 */
export function templateOf(
  slice: ComposeSlice,
  service: string,
  raw: ComposeConfig,
  workspaceRoot: string,
): ComposeSlice {
  const entry = slice.services[service] ?? {};
  const written = raw.services[service] ?? {};
  const kept = Object.fromEntries(
    Object.entries(entry).map(([key, value]) => [
      key,
      key === 'labels'
        ? { ...toMap(value), ...referencesIn(toMap(written[key])) }
        : !AS_RENDERED.has(key) && hasReference(written[key])
          ? written[key]
          : value,
    ]),
  );
  const files = filesOf(written, workspaceRoot);
  const environment = environmentOf(entry, written, files.length > 0);
  const services = {
    ...slice.services,
    [service]: {
      ...kept,
      ...(entry['environment'] === undefined ? {} : { environment }),
      ...(files.length > 0 ? { env_file: files } : {}),
    },
  };
  return {
    ...slice,
    services,
    ...configsOf(slice, raw),
    ...resourcesOf('networks', slice, raw),
    ...resourcesOf('volumes', slice, raw),
  };
}

function environmentOf(entry: ComposeEntry, written: ComposeEntry, hasFiles: boolean) {
  const rendered = toMap(entry['environment']);
  const raw = toMap(written['environment']);
  return Object.fromEntries(
    Object.entries(rendered).flatMap(([name, value]) => {
      // A variable that no compose file sets comes from an `env_file`.
      if (!(name in raw)) return hasFiles && name !== STOP_VARIABLE ? [] : [[name, value]];
      const reference = raw[name];
      return [[name, reference === null || hasReference(reference) ? reference : value]];
    }),
  );
}

function referencesIn(map: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => hasReference(value)));
}

/** The `env_file` list, relative to the workspace, which another machine has in another folder. */
function filesOf(written: ComposeEntry, workspaceRoot: string): object[] {
  const files = written['env_file'];
  const list =
    typeof files === 'string' ? [files] : Array.isArray(files) ? (files as unknown[]) : [];
  return list.map((file) => {
    const given = (typeof file === 'string' ? { path: file } : file) as { path: string };
    const path = given.path.startsWith(`${workspaceRoot}/`)
      ? given.path.slice(workspaceRoot.length + 1)
      : given.path;
    return { ...given, path };
  });
}

function configsOf(slice: ComposeSlice, raw: ComposeConfig): Partial<ComposeSlice> {
  if (!slice.configs) return {};
  const configs = Object.entries(slice.configs).map(([name, config]) => {
    const { content } = (raw.configs?.[name] ?? {}) as { content?: unknown };
    return [name, hasReference(content) ? { ...(config as object), content } : config];
  });
  return { configs: Object.fromEntries(configs) as Record<string, unknown> };
}

/**
 * Networks or volumes with their original references: options of a driver can hold a password, such as that of a CIFS
 * share. Their names on the engine stay: a rollback has to find what is there.
 */
function resourcesOf(
  kind: 'networks' | 'volumes',
  slice: ComposeSlice,
  raw: ComposeConfig,
): Partial<ComposeSlice> {
  const all = slice[kind] as Record<string, Record<string, unknown> | null> | undefined;
  if (!all) return {};
  const noted = Object.entries(all).map(([name, resource]) => {
    const written = (raw[kind]?.[name] ?? {}) as Record<string, unknown>;
    const kept = Object.entries(resource ?? {}).map(([key, value]) => [
      key,
      key !== 'name' && hasReference(written[key]) ? written[key] : value,
    ]);
    return [name, resource && (Object.fromEntries(kept) as object)] as const;
  });
  return { [kind]: Object.fromEntries(noted) as Record<string, unknown> };
}

/** `["A=1", "B"]` and `{ A: 1, B: null }` say the same. */
function toMap(value: unknown): Record<string, unknown> {
  if (!Array.isArray(value)) return (value ?? {}) as Record<string, unknown>;
  return Object.fromEntries(
    (value as unknown[]).map((item) => {
      const text = String(item);
      const at = text.indexOf('=');
      return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

/** Whether Compose would fill in a variable; `$` is a literal dollar. */
function hasReference(value: unknown): boolean {
  if (typeof value === 'string') return value.replaceAll('$$', '').includes('$');
  if (value === null || typeof value !== 'object') return false;
  return Object.values(value).some(hasReference);
}
