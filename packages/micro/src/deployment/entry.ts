import { isDeepStrictEqual } from 'node:util';
import { PUBLIC_URL } from '../platform/environment-keys';

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

/** The public URL of a service, if the environment sets one. */
export function publicUrlOf(entry: ComposeEntry): string | undefined {
  const variables = (entry['environment'] ?? {}) as Record<string, string | null>;
  return variables[PUBLIC_URL] ?? undefined;
}

/** Jobs that must complete before an entry starts, such as a migration. */
export function jobsOf(entry: ComposeEntry): string[] {
  const needs = (entry['depends_on'] ?? {}) as Record<string, { condition?: string } | null>;
  return Object.keys(needs).filter(
    (name) => needs[name]?.condition === 'service_completed_successfully',
  );
}

/** Whether an entry runs the image that another one is built to. */
export function runsImageOf(entry: ComposeEntry, { build }: ComposeEntry): boolean {
  return build !== undefined && isDeepStrictEqual(entry['build'], build);
}

/** Sorts jobs so that each comes after those that it waits for. */
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

/** A port mapping as `docker compose config` prints it. */
export interface PortMapping {
  /** The port in the container. */
  target: number;
  /** The port of the host: `8080`, `0` for any free one, or a range. */
  published?: string;
  host_ip?: string;
  protocol?: string;
}

export function portMappingsOf(entry: ComposeEntry): readonly PortMapping[] {
  return (entry['ports'] ?? []) as PortMapping[];
}

interface Mount {
  type?: string;
  source?: string;
  target?: string;
  read_only?: boolean;
}

export function volumesIn(entry: ComposeEntry): readonly Mount[] {
  return (entry['volumes'] ?? []) as Mount[];
}

export function volumesOf(entry: ComposeEntry): Mount[] {
  return volumesIn(entry).filter(({ type, source }) => type === 'volume' && source !== undefined);
}
