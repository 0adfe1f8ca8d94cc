import { PUBLIC_URL } from '../platform/environment';

/** A service as `docker compose config` prints it. */
export type ComposeEntry = Readonly<Record<string, unknown>>;

/** A whole project as `docker compose config` prints it. */
export interface ComposeConfig {
  services: Readonly<Record<string, ComposeEntry>>;
  networks?: Readonly<Record<string, NamedResource | null>>;
  volumes?: Readonly<Record<string, unknown>>;
  secrets?: Readonly<Record<string, unknown>>;
  configs?: Readonly<Record<string, unknown>>;
}

interface NamedResource {
  name?: string;
}

/** The address that people reach a service by, where the environment says one. */
export function publicUrlOf(entry: ComposeEntry): string | undefined {
  const variables = (entry['environment'] ?? {}) as Record<string, string | null>;
  return variables[PUBLIC_URL] ?? undefined;
}

/** What an entry waits for the end of, such as a migration. */
export function jobsOf(entry: ComposeEntry): string[] {
  const needs = (entry['depends_on'] ?? {}) as Record<string, { condition?: string } | null>;
  return Object.keys(needs).filter(
    (name) => needs[name]?.condition === 'service_completed_successfully',
  );
}

/** Jobs in an order in which each comes after those that it waits for itself. */
export function inTurn(
  jobs: readonly string[],
  services: Readonly<Record<string, ComposeEntry>>,
): string[] {
  const ordered: string[] = [];
  const add = (job: string, path: readonly string[]) => {
    if (ordered.includes(job) || path.includes(job)) return;
    for (const other of jobsOf(services[job] ?? {})) {
      if (jobs.includes(other)) add(other, [...path, job]);
    }
    ordered.push(job);
  };
  for (const job of jobs) add(job, []);
  return ordered;
}

/** The networks of an entry, by the names that they have on the engine. */
export function networksOf({ services, networks }: ComposeConfig, name: string): string[] {
  const keys = Object.keys((services[name]?.['networks'] as object | undefined) ?? {});
  return keys.map((key) => networks?.[key]?.name ?? key);
}

/**
 * What two containers of an entry cannot have at once; `undefined` where they can run side by side.
 * A volume that the service writes to is taken for one that has one writer at a time, unless the
 * service runs several containers that share it as it is.
 */
export function whyExclusive(entry: ComposeEntry, replicas: number): string | undefined {
  const ports = (entry['ports'] ?? []) as { published?: string }[];
  const port = ports.find(({ published }) => published !== undefined && published !== '0');
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

interface Mount {
  type?: string;
  source?: string;
  read_only?: boolean;
}

export function volumesIn(entry: ComposeEntry): readonly Mount[] {
  return (entry['volumes'] ?? []) as Mount[];
}

export function volumesOf(entry: ComposeEntry): Mount[] {
  return volumesIn(entry).filter(({ type, source }) => type === 'volume' && source !== undefined);
}

function writtenVolume(entry: ComposeEntry): string | undefined {
  return volumesOf(entry).find(({ read_only }) => !read_only)?.source;
}
