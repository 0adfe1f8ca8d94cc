import type { ComposeConfig, ComposeEntry } from '../deployment/entry';
import type { RenderedEntry } from './render';

/** Something that an entry says and that would be lost on a cluster. */
export interface UnsupportedSetting {
  /** The service whose compose file the entry stands in; the broker stands in the root's. */
  service: string;
  entry: string;
  key: string;
}

/** Keys that change what a container sees or may do, and of which nothing is rendered. */
const KEYS = [
  ...['cap_add', 'configs', 'devices', 'env_file', 'extra_hosts', 'network_mode', 'privileged'],
  ...['secrets', 'volumes'],
];
/** A datastore or broker starts as the user of its image, which needs no capabilities, and its volumes become claims. */
const DATASTORE_KEYS = KEYS.filter((key) => !['cap_add', 'volumes'].includes(key));

/** What the rendered entries say that no object says. Rendered without it, a container would fail or lose data. */
export function unsupportedSettings(
  entries: readonly RenderedEntry[],
  { services }: ComposeConfig,
): UnsupportedSetting[] {
  return entries.flatMap(({ name, kind, service }) => {
    const entry = services[name] ?? {};
    const keys =
      kind === 'datastore' || kind === 'broker'
        ? [...DATASTORE_KEYS.filter((key) => isSaid(entry[key])), ...bindMounts(entry)]
        : KEYS.filter((key) => isSaid(entry[key]));
    return keys.map((key) => ({ service, entry: name, key }));
  });
}

/** A folder of the machine that deploys is on no node. */
function bindMounts({ volumes }: ComposeEntry): string[] {
  const mounts = (volumes ?? []) as readonly { type?: string }[];
  return mounts.some(({ type }) => type === 'bind') ? ['volumes'] : [];
}

function isSaid(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== false;
}
