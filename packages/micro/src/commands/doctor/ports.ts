import { publishedBackings } from '../../compose/development-ports';
import { portMappingsOf, type ComposeEntry } from '../../deployment/entry';
import type { EdgeListener } from '../../edge/listener';
import { overlayFile } from '../../deployment/project';
import type { Environment } from '../../platform/environment';
import type { Platform } from '../../platform/platform';

/** A port of the host that a deploy needs for a service. */
export interface NeededPort {
  service: string;
  host: string;
  port: number;
  /** The key and the file in which a person sets it. */
  chosenIn: string;
  throughEdge: boolean;
}

/** Everything that may publish a port (services, datastores, the broker), each with the place where a person sets it. */
export function publishers(
  platform: Platform,
  environment: Pick<Environment, 'file'>,
): Map<string, string> {
  const ofServices = `"publish" in ${environment.file}`;
  const ofOthers = `"ports" in ${overlayFile(environment)}`;
  return new Map([
    ...platform.services.map(({ name }) => [name, ofServices] as const),
    ...publishedBackings(platform).map(({ backing }) => [backing.name, ofOthers] as const),
  ]);
}

/** The ports that entries publish, without those that the engine picks. */
export function publishedPorts(
  entries: Readonly<Record<string, ComposeEntry>>,
  publishedBy: ReadonlyMap<string, string>,
): NeededPort[] {
  return [...publishedBy].flatMap(([service, chosenIn]) => {
    return portMappingsOf(entries[service] ?? {}).flatMap(
      ({ published, host_ip: host = '0.0.0.0' }) => {
        const port = Number(published);
        return Number.isInteger(port) && port > 0
          ? [{ service, host, port, chosenIn, throughEdge: false }]
          : [];
      },
    );
  });
}

/** The ports that the edge holds for services, without those that the engine picks. */
export function edgePorts(
  listeners: readonly EdgeListener[],
  publishedBy: ReadonlyMap<string, string>,
): NeededPort[] {
  return listeners
    .filter(({ published }) => published > 0)
    .map(({ address: host = '0.0.0.0', published: port, publications }) => {
      const services = publications.map(({ service }) => service);
      const chosenIn = publishedBy.get(services[0]!)!;
      return { service: services.join(', '), host, port, chosenIn, throughEdge: true };
    });
}

/** A container that uses a port of the host. */
export interface PortHolder {
  name: string;
  project: string;
  service: string;
}

/** The container that uses each port of the host. `stdout` is that of `docker ps` with name, Compose project, Compose service and ports, separated by tabs. */
export function takenPorts(stdout: string): Map<number, PortHolder> {
  const taken = new Map<number, PortHolder>();
  for (const line of stdout.split('\n')) {
    const [name = '', project = '', service = '', ports = ''] = line.split('\t');
    for (const [, port] of ports.matchAll(/:(\d+)->/g)) {
      taken.set(Number(port), { name, project, service });
    }
  }
  return taken;
}

/** The platforms that images are built for, from the texts of nx.json and of the projects' files. */
export function wantedPlatforms(texts: readonly (string | undefined)[]): string[] {
  const found = new Set<string>();
  const visit = (value: unknown, key?: string): void => {
    if (key === 'platforms' && Array.isArray(value)) {
      for (const item of value) if (typeof item === 'string') found.add(item);
    } else if (value !== null && typeof value === 'object') {
      for (const [name, item] of Object.entries(value)) visit(item, name);
    }
  };
  for (const text of texts) if (text !== undefined) visit(targetsIn(JSON.parse(text)));
  return [...found].sort();
}

/** `platforms` has this meaning only below targets. A package.json may have another key of that name. */
function targetsIn(file: unknown): unknown {
  const { targets, targetDefaults, nx } = file as {
    targets?: unknown;
    targetDefaults?: unknown;
    nx?: { targets?: unknown };
  };
  return { targets, targetDefaults, more: nx?.targets };
}
