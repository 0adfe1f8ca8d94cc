import { portMappingsOf, volumesOf, type ComposeEntry } from './entry';

/**
 * What keeps two containers of a service from running side by side, such as a fixed port; `undefined` if nothing does.
 * A writable volume counts as having one writer at a time, unless the service already runs several containers that
 * share it.
 */
export function exclusiveResource(entry: ComposeEntry, replicas: number): string | undefined {
  const port = portMappingsOf(entry).find(
    ({ published }) => published !== undefined && published !== '0',
  );
  if (port) return `port ${port.published} of the host`;
  if (typeof entry['network_mode'] === 'string') return `network_mode ${entry['network_mode']}`;
  const networks = Object.values((entry['networks'] ?? {}) as Record<string, object | null>);
  if (
    networks.some(
      (it) => it && ('ipv4_address' in it || 'ipv6_address' in it || 'link_local_ips' in it),
    )
  ) {
    return 'a fixed address';
  }
  const macs = [entry, ...networks].map((it) => (it as ComposeEntry | null)?.['mac_address']);
  if (macs.some((mac) => mac !== undefined)) return 'a fixed MAC address';
  const written = replicas > 1 ? undefined : writtenVolume(entry);
  return written && `the volume "${written}", which it writes to`;
}

function writtenVolume(entry: ComposeEntry): string | undefined {
  return volumesOf(entry).find(({ read_only }) => !read_only)?.source;
}
