import { volumesIn, type ComposeConfig, type ComposeEntry } from '../deployment/entry';
import { elsewhere } from '../platform/environment';
import type { KubernetesEnvironment } from '../platform/kubernetes-environment';
import { OBSERVABILITY_PORTS, SCRAPE_CONFIG_FILE } from '../platform/observability';
import type { Platform } from '../platform/platform';
import { mountedFiles, type FileMount, type MountedFile } from './mounted-files';
import type { KubernetesObject, Scope } from './object';
import { partObjects } from './observability-objects';
import { policyOf } from './policies';
import { reportingVariables } from './reporting';
import { clusterScrapeConfig } from './scrape-config';
import { settingsOf, type SecretKeys } from './variables';

/** What a workspace has in `observability/`. */
export interface ObservabilityFolder {
  /** The entries of its compose file. */
  parts: readonly string[];
  /** The files of each mount, by its source as the compose files name it. */
  files: ReadonlyMap<string, readonly MountedFile[]>;
}

interface ObservedInput {
  platform: Platform;
  environment: KubernetesEnvironment;
  /** The compose files with nothing filled in. */
  written: ComposeConfig;
  observability: ObservabilityFolder;
}

/** A part with its objects, and what its Secret has to hold. */
export interface RenderedPart {
  name: string;
  objects: KubernetesObject[];
  secret: SecretKeys;
}

/** The parts of observability, with policies that let in who reads from each, and who sends traces. */
export function renderParts(input: ObservedInput, scope: Scope): RenderedPart[] {
  const { environment, written, observability } = input;
  const ports = new Map(
    observability.parts.map((name) => [name, portsOf(name, written.services[name]!)]),
  );
  const senders = sendersTo(input, ports);
  return observability.parts.map((name) => {
    const entry = written.services[name]!;
    const settings = settingsOf(name, entry);
    const files = mountedFiles(scope, name, fileMounts(entry, observability, scope));
    const own = ports.get(name)!;
    const rules = own.map((port) => ({
      callers: [
        ...observability.parts.filter((other) => other !== name && mayReach(other, name, port)),
        ...(senders.get(`${name}:${port}`) ?? []),
      ],
      ports: [port],
    }));
    return {
      name,
      objects: [
        ...partObjects(scope, environment, { name, written: entry, settings, files, ports: own }),
        policyOf(scope, { name, rules }),
      ],
      secret: settings.secret,
    };
  });
}

function isKnown(part: string): part is keyof typeof OBSERVABILITY_PORTS {
  return Object.hasOwn(OBSERVABILITY_PORTS, part);
}

/** The ports of a part that we wrote, and those that its entry exposes. */
function portsOf(name: string, { expose }: ComposeEntry): number[] {
  const known: readonly number[] = isKnown(name) ? OBSERVABILITY_PORTS[name] : [];
  const exposed = ((expose ?? []) as readonly (string | number)[]).flatMap((port) => {
    const [, number] = /^(\d+)(?:\/tcp)?$/.exec(String(port)) ?? [];
    return number === undefined ? [] : [Number(number)];
  });
  return [...new Set([...known, ...exposed])];
}

/** Ports that Grafana reads from. */
const READ_BY_GRAFANA = [OBSERVABILITY_PORTS.prometheus[0], OBSERVABILITY_PORTS.jaeger[0]];

/** Of the parts that we wrote, only Grafana reads from others. What a person added reaches all, and is reached by all. */
function mayReach(caller: string, part: string, port: number): boolean {
  const isOurs =
    isKnown(caller) &&
    isKnown(part) &&
    (OBSERVABILITY_PORTS[part] as readonly number[]).includes(port);
  return !isOurs || (caller === 'grafana' && READ_BY_GRAFANA.some((one) => one === port));
}

/** The services that have a variable with the URL of a part, such as that which traces are sent to, by `name:port`. */
function sendersTo(
  { platform, environment, written, observability }: ObservedInput,
  ports: ReadonlyMap<string, readonly number[]>,
): Map<string, string[]> {
  const known = [...ports].flatMap(([name, own]) => own.map((port) => `${name}:${port}`));
  const senders = new Map(known.map((host): [string, string[]] => [host, []]));
  for (const { name } of platform.services) {
    if (elsewhere(environment, name) !== undefined) continue;
    const entry = written.services[name] ?? {};
    const variables = {
      ...(entry['environment'] as Record<string, unknown> | undefined),
      ...reportingVariables(environment, observability.parts, entry),
      ...environment.services[name]?.environment,
    };
    const hosts = Object.values(variables).map((value) => hostOf(String(value)));
    for (const host of new Set(hosts)) senders.get(host)?.push(name);
  }
  return senders;
}

function hostOf(text: string): string {
  return URL.canParse(text) ? new URL(text).host : '';
}

function fileMounts(
  entry: ComposeEntry,
  { files }: ObservabilityFolder,
  scope: Scope,
): FileMount[] {
  return volumesIn(entry).flatMap(({ type, source = '', target = '' }) => {
    const own = type === 'bind' ? files.get(source) : undefined;
    return own ? [{ target, files: own.map((file) => forCluster(file, scope)) }] : [];
  });
}

function forCluster(mounted: MountedFile, scope: Scope): MountedFile {
  if (mounted.file !== SCRAPE_CONFIG_FILE) return mounted;
  const text = clusterScrapeConfig(mounted.content.toString(), scope);
  return { ...mounted, content: Buffer.from(text) };
}
