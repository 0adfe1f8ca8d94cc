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
/** The files that a part of observability mounts become ConfigMaps, and its volumes claims. */
const PART_KEYS = KEYS.filter((key) => key !== 'volumes');

/** What the rendered entries say that no object says. Rendered without it, a container would fail or lose data. */
export function unsupportedSettings(
  entries: readonly RenderedEntry[],
  { services }: ComposeConfig,
): UnsupportedSetting[] {
  return entries.flatMap(({ name, kind, service }) => {
    const entry = services[name] ?? {};
    return lostKeys(kind, entry).map((key) => ({ service, entry: name, key }));
  });
}

function lostKeys(kind: RenderedEntry['kind'], entry: ComposeEntry): string[] {
  const said = (keys: readonly string[]) => keys.filter((key) => isSaid(entry[key]));
  if (kind === 'datastore' || kind === 'broker')
    return [...said(DATASTORE_KEYS), ...bindMounts(entry)];
  return kind === 'observability' ? [...said(PART_KEYS), ...namelessMounts(entry)] : said(KEYS);
}

function namelessMounts({ volumes }: ComposeEntry): string[] {
  const mounts = (volumes ?? []) as readonly { type?: string; source?: string }[];
  const isKept = ({ type, source }: { type?: string; source?: string }) =>
    type === 'bind' || (type === 'volume' && source !== undefined);
  return mounts.every(isKept) ? [] : ['volumes'];
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
