import { posix } from 'node:path';
import { BROKER_NAME, DATASTORE_PURPOSES } from '../platform/datastore';
import { formatStale, type DerivedFile } from '../platform/derived-file';
import { OBSERVABILITY_PARTS } from '../platform/observability';
import type { Platform, Service } from '../platform/platform';
import { ComposeEdit } from './compose-edit';
import { convergeDevelopmentPorts, publishedBackings } from './development-ports';
import { convergeNetwork } from './own-entry';
import { DEVELOPMENT_COMPOSE_FILE, DEVELOPMENT_NETWORK, OBSERVABILITY_COMPOSE_FILE } from './paths';

const HEADER = `# What development lays over compose.yaml: datastores are reached from this machine, logs say more,
# and images are rebuilt on change. \`nx compose-deploy\` applies it; by hand:
#   docker compose -f compose.yaml -f environments/development.compose.yaml up --detach
# \`nx sync\` keeps a port for each datastore; anything else here is yours.\n`;

/** Files in a service's folder that are not in its image. */
const NOT_WATCHED = ['node_modules/', 'dist/', 'out-tsc/'];

/** The input beside the platform. */
export interface DevelopmentFacts {
  /** The roots of a service's libraries; `undefined` if they are unknown. */
  librariesOf: (service: Service) => readonly string[] | undefined;
  /** Whether a file or folder is there, by its path relative to the workspace root. */
  exists: (path: string) => boolean;
}

export interface DevelopmentCompose {
  file: DerivedFile;
  /** The port on 127.0.0.1 of each datastore and the broker, by name. */
  ports: ReadonlyMap<string, number>;
}

/**
 * The Compose file that the environment `development` merges over the workspace's own.
 *
 * Owned by sync: one published port for each datastore and the broker, and the network that this needs, because Docker
 * publishes no port of a container that is only in internal networks (moby/moby#36174); and a watched folder for each
 * library of a service that is watched. Written once, then yours: the number of a port, a service's variables, and
 * whether it is watched.
 *
 * @param current the file's text; absent if there is none.
 * @throws {PlatformError} if the text is not a valid compose file.
 */
export function deriveDevelopmentCompose(
  platform: Platform,
  current: string | undefined,
  { librariesOf, exists }: DevelopmentFacts,
): DevelopmentCompose {
  const edit = new ComposeEdit(DEVELOPMENT_COMPOSE_FILE, current, HEADER);
  const backings = publishedBackings(platform).map(({ backing }) => backing.name);
  const known = new Set([...platform.services.map(({ name }) => name), ...backings]);
  for (const name of edit.read(['services']).keys()) {
    if (known.has(name) || !isLeftover(edit, name, exists)) continue;
    edit.remove(['services', name], formatStale(name), 1);
  }
  for (const service of platform.services) {
    convergeService(edit, service, librariesOf(service), exists);
  }
  for (const name of backings) convergeNetworks(edit, name);
  const ports = convergeDevelopmentPorts(edit, platform);
  convergeNetworkDeclaration(edit, backings.length > 0);
  return { file: edit.toFile(), ports };
}

/**
 * Whether an entry here changes a service that the platform no longer has. Compose would treat it as a service without
 * an image, and start nothing at all. An entry with an image was written by a person.
 */
function isLeftover(edit: ComposeEdit, name: string, exists: DevelopmentFacts['exists']): boolean {
  const at = ['services', name];
  if (['image', 'build', 'extends'].some((key) => edit.has([...at, key]))) return false;
  if (OBSERVABILITY_PARTS.some((part) => part === name)) return !exists(OBSERVABILITY_COMPOSE_FILE);
  const wasBacking =
    name === BROKER_NAME || DATASTORE_PURPOSES.some((purpose) => name.endsWith(`-${purpose}`));
  return wasBacking
    ? edit.read([...at, 'networks']).has(DEVELOPMENT_NETWORK)
    : watched(edit, name).some(({ path }) => !exists(path));
}

function convergeService(
  edit: ComposeEdit,
  { name, root }: Service,
  libraries: readonly string[] | undefined,
  exists: DevelopmentFacts['exists'],
): void {
  const at = ['services', name];
  const folders = [...(libraries ?? [])].sort();
  if (!edit.has(at)) {
    const watch = [root, ...folders].map(rebuild);
    const entry = { environment: { LOG_LEVEL: 'debug' }, develop: { watch } };
    edit.seedSorted(at, entry, `${name} is missing`);
    return;
  }
  // No list: a person removed it to stop watching. Unknown libraries: there is nothing to compare with.
  const list = [...at, 'develop', 'watch'];
  if (libraries === undefined || !edit.has(list)) return;
  for (const { index, path } of watched(edit, name).reverse()) {
    if (path === root || folders.includes(path) || exists(path)) continue;
    edit.removeItem(list, index, `${name}: watch ${path} leads to nothing`);
  }
  for (const folder of folders) {
    const items = watched(edit, name);
    if (items.some(({ path }) => isWithin(path, folder) || isWithin(folder, path))) continue;
    const end = edit.items(list).length;
    edit.insertItem(list, end, rebuild(folder), `${name}: watch ${folder} is missing`);
  }
}

/** A changed source needs a rebuild: the image has one bundle, so there is no single file to replace in it. */
function rebuild(path: string): Record<string, unknown> {
  return { action: 'rebuild', path, ignore: [...NOT_WATCHED] };
}

function watched(edit: ComposeEdit, name: string): { index: number; path: string }[] {
  return edit.items(['services', name, 'develop', 'watch']).flatMap((item, index) => {
    const path =
      typeof item === 'object' && item !== null && 'path' in item ? item.path : undefined;
    return typeof path === 'string' ? [{ index, path: withoutSlash(posix.normalize(path)) }] : [];
  });
}

function withoutSlash(path: string): string {
  return path.replace(/(?<=.)\/$/, '');
}

function isWithin(path: string, folder: string): boolean {
  return folder === '.' || path === folder || path.startsWith(`${folder}/`);
}

function convergeNetworks(edit: ComposeEdit, name: string): void {
  const at = ['services', name];
  if (!edit.has(at)) {
    // Its port is added later, because the number depends on all the others.
    edit.seedSorted(at, { networks: [DEVELOPMENT_NETWORK] }, `${name} is missing`);
    return;
  }
  convergeNetwork(edit, name, DEVELOPMENT_NETWORK);
}

function convergeNetworkDeclaration(edit: ComposeEdit, isNeeded: boolean): void {
  const at = ['networks', DEVELOPMENT_NETWORK];
  if (isNeeded) {
    edit.declare(at, null, `network ${DEVELOPMENT_NETWORK} is missing`);
    return;
  }
  const isUsed = [...edit.read(['services']).keys()].some((name) =>
    edit.read(['services', name, 'networks']).has(DEVELOPMENT_NETWORK),
  );
  // With other options, it was written by a person.
  if (!isUsed && !edit.has(at)) edit.remove(at, `network ${DEVELOPMENT_NETWORK} is not used`, 1);
}
