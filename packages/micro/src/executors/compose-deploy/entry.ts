import { createHash } from 'node:crypto';
import { Document, isSeq } from 'yaml';
import type { PushReceipt } from '../../image/receipt';
import { LABELS } from '../../image/image-key';
import type { Environment } from '../../platform/environment';
import { formatImageReference, parseImageReference } from '../../platform/image-reference';
import type { Service } from '../../platform/platform';

/** Labels by which a later run knows what a container is; the engine is the only memory. */
export const DEPLOY_LABELS = {
  key: LABELS.key,
  entry: 'org.micro.entry',
  environment: 'org.micro.environment',
} as const;

/** A service as `docker compose config` prints it. */
export type ComposeEntry = Readonly<Record<string, unknown>>;

/** The reference that is deployed: by digest from a registry, by its key on the engine that built it. */
export function pinnedImage(receipt: PushReceipt): string {
  return receipt.kind === 'pushed'
    ? formatImageReference({ ...parseImageReference(receipt.image), digest: receipt.digest })
    : receipt.image;
}

/**
 * What an environment changes in the entry of one service, as a Compose override in YAML.
 *
 * @param jobs runs of the same image that the service waits for.
 */
export function overrideFile(
  service: Service,
  environment: Environment,
  receipt: PushReceipt,
  entryLabel: string | undefined,
  jobs: readonly string[] = [],
): string {
  const here = environment.services[service.name];
  const image = pinnedImage(receipt);
  const document = new Document({
    services: {
      ...Object.fromEntries(jobs.map((job) => [job, { image }])),
      [service.name]: {
        image,
        ...(here && Object.keys(here.environment).length > 0
          ? { environment: here.environment }
          : {}),
        ...(here?.publish
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
  const ports = (entry['ports'] ?? []) as { published?: string }[];
  const networks = Object.values((entry['networks'] ?? {}) as Record<string, object | null>);
  return (
    ports.some(({ published }) => published !== undefined && published !== '0') ||
    entry['network_mode'] !== undefined ||
    networks.some((network) => network && ('ipv4_address' in network || 'ipv6_address' in network))
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
