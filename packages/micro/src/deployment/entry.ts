import { createHash } from 'node:crypto';
import { Document, isSeq } from 'yaml';
import type { PushReceipt } from '../image/receipt';
import { LABELS } from '../image/image-key';
import { elsewhere, PUBLIC_URL, type Environment } from '../platform/environment';
import { formatImageReference, parseImageReference } from '../platform/image-reference';
import { linkVariable } from '../platform/link';
import type { Service } from '../platform/platform';
import { SECRETS_FOLDER, secretVariables, withoutReplaced } from './secrets';

/** Labels by which a later run knows what a container is; the engine is the only memory. */
export const DEPLOY_LABELS = {
  key: LABELS.key,
  entry: 'org.micro.entry',
  environment: 'org.micro.environment',
} as const;

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

/** The part of a project that one service is made from: all that is needed to run it again. */
export type ComposeSlice = ComposeConfig;

interface NamedResource {
  name?: string;
}

/** The reference that is deployed: by digest from a registry, by its key on the engine that built it. */
export function pinnedImage(receipt: PushReceipt): string {
  return receipt.kind === 'pushed'
    ? formatImageReference({ ...parseImageReference(receipt.image), digest: receipt.digest })
    : receipt.image;
}

/** What an environment changes in the entry of one service, as a Compose override in YAML. */
export function overrideFile(
  service: Service,
  environment: Environment,
  receipt: PushReceipt,
  entryLabel: string | undefined,
): string {
  const here = environment.services[service.name];
  const { variables, volumes } = settingsOf(service, environment);
  const document = new Document({
    services: {
      [service.name]: {
        image: pinnedImage(receipt),
        ...(Object.keys(variables).length > 0 ? { environment: variables } : {}),
        ...(here?.resources ? { deploy: { resources: { limits: limitsOf(here.resources) } } } : {}),
        ...(volumes.length > 0 ? { volumes } : {}),
        ...(here?.publish?.kind === 'port'
          ? {
              ports: [
                {
                  target: service.port,
                  published: String(here.publish.port),
                  host_ip: here.publish.address,
                  protocol: 'tcp',
                  mode: 'host',
                },
              ],
            }
          : {}),
        labels: {
          [DEPLOY_LABELS.environment]: environment.name,
          [DEPLOY_LABELS.key]: receipt.key,
          ...(entryLabel === undefined ? {} : { [DEPLOY_LABELS.entry]: entryLabel }),
        },
      },
    },
  });
  // Compose adds up lists of ports: without the tag the port of development is published as well.
  const ports = document.getIn(['services', service.name, 'ports'], true);
  if (isSeq(ports)) ports.tag = '!override';
  return document.toString();
}

/** What whatever runs the image of a service is told in an environment. */
function settingsOf(service: Service, environment: Environment) {
  const here = environment.services[service.name];
  const secrets = Object.keys(here?.secrets ?? {}).sort();
  return {
    variables: {
      ...linksElsewhere(service, environment),
      ...(here?.url === undefined ? {} : { [PUBLIC_URL]: here.url }),
      ...here?.environment,
      ...secretVariables(secrets),
    },
    volumes: secrets.length > 0 ? [{ type: 'volume', target: SECRETS_FOLDER }] : [],
  };
}

/** Where a service reaches those that it consumes and that run elsewhere. */
function linksElsewhere({ consumes }: Service, environment: Environment): Record<string, string> {
  return Object.fromEntries(
    consumes.flatMap((name) => {
      const url = elsewhere(environment, name);
      return url === undefined ? [] : [[linkVariable(name), url]];
    }),
  );
}

function limitsOf({ cpus, memory }: Service['resources']): Record<string, string> {
  return {
    ...(cpus === undefined ? {} : { cpus: String(cpus) }),
    ...(memory === undefined ? {} : { memory }),
  };
}

/** A rendered entry with what no override of Compose can say of it. */
export function asDeployed(
  entry: ComposeEntry,
  service: string,
  { portOffset, services }: Pick<Environment, 'portOffset' | 'services'>,
): ComposeEntry {
  const own = withoutReplaced(entry);
  const ports = own['ports'] as readonly { published?: string }[] | undefined;
  if (!ports || portOffset === 0 || services[service]?.publish) return own;
  // A range, too; 0 is a port that the engine picks.
  const shift = (published: string) =>
    published.replace(/\d+/g, (port) => (port === '0' ? port : String(Number(port) + portOffset)));
  return {
    ...own,
    ports: ports.map((port) =>
      port.published === undefined ? port : { ...port, published: shift(port.published) },
    ),
  };
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

/**
 * Whether two containers of an entry cannot run side by side: they would want the same port of the
 * host, the host's own network or the same address.
 */
export function isExclusive(entry: ComposeEntry): boolean {
  return whyExclusive(entry, 2) !== undefined;
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
  if (networks.some((it) => it && ('ipv4_address' in it || 'ipv6_address' in it))) {
    return 'a fixed address';
  }
  const written = replicas > 1 ? undefined : writtenVolume(entry);
  return written && `the volume "${written}", which it writes to`;
}

interface Mount {
  type?: string;
  source?: string;
  read_only?: boolean;
}

function volumesIn(entry: ComposeEntry): readonly Mount[] {
  return (entry['volumes'] ?? []) as Mount[];
}

function volumesOf(entry: ComposeEntry): Mount[] {
  return volumesIn(entry).filter(({ type, source }) => type === 'volume' && source !== undefined);
}

function writtenVolume(entry: ComposeEntry): string | undefined {
  return volumesOf(entry).find(({ read_only }) => !read_only)?.source;
}

/** What an entry says and a single container of it does not need, or must not be tied to. */
const NOT_IN_SLICE = ['build', 'depends_on', 'develop', 'env_file', 'scale'];

/**
 * Cuts one service out of a rendered project, with the networks, volumes, secrets and configs that it
 * uses, so that it can be run again as it is after the workspace has moved on.
 */
export function sliceOf(
  config: ComposeConfig,
  service: string,
  { image, labels }: { image: string; labels: Readonly<Record<string, string>> },
): ComposeSlice {
  const entry = config.services[service] ?? {};
  const kept = Object.fromEntries(
    Object.entries(entry).filter(([key]) => !NOT_IN_SLICE.includes(key)),
  );
  const names = (list: unknown) =>
    ((list ?? []) as (string | { source?: string })[]).map((one) =>
      typeof one === 'string' ? one : (one.source ?? ''),
    );
  return {
    services: {
      [service]: {
        ...kept,
        image,
        labels: { ...(entry['labels'] as Record<string, string> | undefined), ...labels },
      },
    },
    ...pick('networks', config, Object.keys((entry['networks'] as object | undefined) ?? {})),
    ...pick('volumes', config, names(volumesOf(entry))),
    ...pick('secrets', config, names(entry['secrets'])),
    ...pick('configs', config, names(entry['configs'])),
  };
}

/**
 * Cuts a job out of a rendered project that runs the image of a service, such as its migration. It has
 * the settings and secrets that the service has in the environment, and its networks: a database that
 * the environment names is where the service reaches it.
 */
export function jobSlice(
  config: ComposeConfig,
  job: string,
  { service, environment, image }: { service: Service; environment: Environment; image: string },
): ComposeSlice {
  const entry = config.services[job] ?? {};
  const serving = config.services[service.name] ?? {};
  const { variables, volumes } = settingsOf(service, environment);
  const networks = Object.keys(serving['networks'] ?? {}).map((name) => [name, null]);
  const given = withoutReplaced({
    ...entry,
    environment: { ...(entry['environment'] as object | undefined), ...variables },
    volumes: [...volumesIn(entry), ...volumes],
    ...('network_mode' in entry
      ? {}
      : { networks: { ...Object.fromEntries(networks), ...(entry['networks'] as object) } }),
  });
  const services = { ...config.services, [job]: given };
  return sliceOf({ ...config, services }, job, { image, labels: {} });
}

function pick(
  kind: 'networks' | 'volumes' | 'secrets' | 'configs',
  config: ComposeConfig,
  names: readonly string[],
): Partial<ComposeSlice> {
  const found = Object.entries(config[kind] ?? {}).filter(([name]) => names.includes(name));
  return found.length > 0 ? { [kind]: Object.fromEntries(found) } : {};
}

/** The names under which a container of the slice is found, by the networks' names on the engine. */
export function placesOf(
  { services, networks }: ComposeSlice,
  service: string,
  container: string,
): Record<string, string[]> {
  const attached = (services[service]?.['networks'] ?? {}) as Record<
    string,
    { aliases?: string[] } | null
  >;
  return Object.fromEntries(
    Object.entries(attached).map(([network, it]) => [
      networks?.[network]?.name ?? network,
      [container, service, ...(it?.aliases ?? [])],
    ]),
  );
}

/**
 * Keys that do not make a container another one: the image counts by its key, links are no cause,
 * and `develop` is about files of the machine where it is written.
 */
const NOT_COUNTED = new Set([
  'image',
  'build',
  'depends_on',
  'deploy',
  'develop',
  'scale',
  'labels',
]);

/**
 * One short hash per key of a rendered entry: `environment=1f3a9c20 ports=88ab01cd`. Equal text
 * means that the container is described the same; different text says in which keys it is not.
 */
export function entryLabel(entry: ComposeEntry): string {
  const counted = { ...entry, resources: resourcesOf(entry) };
  return Object.keys(counted)
    .filter((key) => !NOT_COUNTED.has(key) && !isEmpty((counted as ComposeEntry)[key]))
    .sort()
    .map((key) => `${key}=${shortHash((counted as ComposeEntry)[key])}`)
    .join(' ');
}

/** The keys in which two entry labels differ, sorted. */
export function changedEntryKeys(before: string, after: string): string[] {
  const parse = (label: string) =>
    new Map(
      label.split(' ').map((part): [string, string] => {
        const [key = '', hash = ''] = part.split('=');
        return [key, hash];
      }),
    );
  const old = parse(before);
  const now = parse(after);
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((key) => key !== '' && old.get(key) !== now.get(key))
    .sort();
}

function resourcesOf(entry: ComposeEntry): unknown {
  return (entry['deploy'] as { resources?: unknown } | undefined)?.resources;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null;
}

function shortHash(value: unknown): string {
  return createHash('sha256').update(stableJson(value)).digest('hex').slice(0, 8);
}

/** JSON with sorted keys, so that the order in a file does not count. */
function stableJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stableJson).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    return `{${Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${JSON.stringify(key)}:${stableJson(item)}`)
      .join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
