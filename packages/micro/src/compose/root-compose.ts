import { posix } from 'node:path';
import type { DerivedFile } from '../platform/derived-file';
import { BROKER_NAME } from '../platform/datastore';
import type { Platform } from '../platform/platform';
import { convergeBacking, removeBacking } from './datastore-entry';
import { parseYaml } from '../platform/yaml-source';
import { BACKING_IMAGES, engineOfImage } from './datastore-image';
import { ComposeEdit } from './compose-edit';
import { platformBroker } from './datastore';
import {
  BROKER_NETWORK,
  CLOSED_NETWORK,
  EDGE_NETWORK,
  OBSERVABILITY_COMPOSE_FILE,
  ROOT_COMPOSE_FILE,
  serviceComposeFile,
} from './paths';

const HEADER = `# The platform on this machine: docker compose up
# \`nx sync\` keeps the services of this list; anything else here is yours.\n`;

/**
 * The root's compose.yaml: the platform's name, an include for every service and for observability, the networks and
 * the broker.
 *
 * A network that several services share is declared only here. Compose refuses two files that declare the same network
 * differently, so a person has one file in which to change it.
 *
 * @param exists whether a file exists. An include is removed only if its file does not.
 */
export function deriveRootCompose(
  platform: Platform,
  current: string | undefined,
  exists: (path: string) => boolean,
): DerivedFile {
  const edit = new ComposeEdit(ROOT_COMPOSE_FILE, current, HEADER);
  edit.seed(['name'], platform.name, 'name is missing');
  convergeIncludes(edit, platform, exists);
  if (platform.services.length > 0 || exists(OBSERVABILITY_COMPOSE_FILE)) {
    edit.declare(['networks', EDGE_NETWORK], null, `network ${EDGE_NETWORK} is missing`);
  }
  const broker = platformBroker(platform);
  if (broker) {
    const network = ['networks', BROKER_NETWORK];
    edit.declare(network, CLOSED_NETWORK, `network ${BROKER_NETWORK} is missing`);
    convergeBacking(edit, broker, BROKER_NETWORK);
  } else if (removeBacking(edit, BROKER_NAME)) {
    edit.remove(['networks', BROKER_NETWORK], `network ${BROKER_NETWORK} is not used any more`, 1);
  }
  return edit.toFile();
}

/** RabbitMQ's image in the broker's entry; the official image if there is none, or none that can be read. */
export function brokerImage(current: string | undefined): string {
  const value: unknown = current ? parseYaml(ROOT_COMPOSE_FILE, current).source?.value : undefined;
  const { services } = (value ?? {}) as { services?: Record<string, { image?: unknown } | null> };
  const image = services?.[BROKER_NAME]?.image;
  // While the manifests change from another broker to RabbitMQ, the entry may still be the other one's.
  const isOther = typeof image === 'string' && (engineOfImage(image) ?? 'rabbitmq') !== 'rabbitmq';
  return typeof image === 'string' && !isOther ? image : BACKING_IMAGES.rabbitmq;
}

function convergeIncludes(
  edit: ComposeEdit,
  platform: Platform,
  exists: (path: string) => boolean,
): void {
  const path = ['include'];
  const wanted = [
    ...platform.services.map(serviceComposeFile),
    ...(exists(OBSERVABILITY_COMPOSE_FILE) ? [OBSERVABILITY_COMPOSE_FILE] : []),
  ].sort();
  const isStale = (file: string) =>
    posix.basename(file) === 'compose.yaml' &&
    file !== ROOT_COMPOSE_FILE &&
    !wanted.includes(file) &&
    !exists(file);
  for (const [index, item] of [...edit.items(path).entries()].reverse()) {
    const file = includedFile(item);
    if (file !== undefined && isStale(file)) {
      edit.removeItem(path, index, `include ${file} leads to no file`);
    }
  }
  for (const file of wanted) {
    const listed = edit.items(path).map(includedFile);
    if (listed.includes(file)) continue;
    // In sorted order among our own includes, so that two branches which each add a service
    // rarely touch the same line.
    const next = listed.findIndex(
      (other) => other !== undefined && wanted.includes(other) && other > file,
    );
    edit.insertItem(path, next < 0 ? listed.length : next, file, `include ${file} is missing`);
  }
}

/** The file of a plain include, or of `{ path: … }`. An include with several files was written by a person. */
function includedFile(item: unknown): string | undefined {
  const file = typeof item === 'object' && item !== null && 'path' in item ? item.path : item;
  return typeof file === 'string' ? posix.normalize(file) : undefined;
}
