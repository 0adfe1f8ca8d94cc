import { DATASTORE_PURPOSES, datastoreName } from '../platform/datastore';
import type { Service } from '../platform/platform';
import type { Problem } from '../platform/problem';
import { formatServer, parseServerImage, postgresFolder } from '../platform/server-image';
import { refuseChange } from '../platform/version-changes';
import type { YamlSource } from '../platform/yaml-source';
import type { Outdated } from './run-plan';

/** The compose files in which entries of datastores stand, as people write them. */
export interface DatastoreFiles {
  /** `compose.yaml`, which has the broker. */
  root?: YamlSource | undefined;
  /** `apps/orders/compose.yaml` */
  own?: YamlSource | undefined;
  /** `environments/production.compose.yaml`, which is laid over all others. */
  overlay?: YamlSource | undefined;
}

interface Entry {
  image?: unknown;
  environment?: unknown;
  volumes?: unknown;
}

/** A volume that is mounted at a path at which its image does not keep its data. */
export function mountProblems(service: Service, files: DatastoreFiles): Problem[] {
  return DATASTORE_PURPOSES.flatMap((purpose) => {
    if (service.datastores[purpose] !== 'postgres') return [];
    const name = datastoreName(service.name, purpose);
    const image = imageOf(files, name) ?? '';
    const server = parseServerImage(image);
    if (server?.product !== 'postgres' || setsFolder(files, name)) return [];
    const [wanted, mounts] = [postgresFolder(image), mountsOf(files, name)];
    if (mounts.some(({ target }) => target === wanted)) return [];
    const wrong = mounts.find(({ target }) => /^\/var\/lib\/postgresql(?:\/data)?$/.test(target));
    if (!wrong) return [];
    const why =
      server.major >= 18
        ? `the image of ${formatServer(server)} does not start with a volume at ${wrong.target}`
        : `the image of ${formatServer(server)} keeps its data in ${wanted}, in a volume without a name that is lost with the container`;
    const message = `${why}: mount a new volume at ${wanted}. Data of another version goes there by "micro backup" and "micro restore": ${DOCS}`;
    return [{ file: wrong.file, line: wrong.line, message }];
  });
}

/**
 * Images of datastores and the broker that cannot use the data of the version that is running.
 *
 * @param changes the containers that run another image than their entry names.
 */
export function imageChangeProblems(
  service: Service,
  files: DatastoreFiles,
  changes: readonly Outdated[],
): Problem[] {
  return changes.flatMap(({ name, service: datastore, image, wanted }) => {
    const [from, to] = [parseServerImage(image), parseServerImage(wanted)];
    const refused = from && to && refuseChange(from, to);
    if (!refused || !keepsData(files, datastore, to.product)) return [];
    const source = [files.overlay, files.own, files.root].find(
      (one) => entryOf(one, datastore).image !== undefined,
    );
    const message = `${refused.says}, and ${name} runs ${image}. Put that image back into the entry of ${datastore}, or ${refused.advice}: ${DOCS}`;
    const line = source?.lineOf(['services', datastore, 'image']);
    const file = source?.file ?? `${service.root}/compose.yaml`;
    return [{ file, ...(line === undefined ? {} : { line }), message }];
  });
}

const DOCS = '"New versions" in docs/datastores.md of @org/micro';

function entryOf(source: YamlSource | undefined, name: string): Entry {
  const { services } = (source?.value ?? {}) as {
    services?: Record<string, Entry | null> | null;
  };
  return services?.[name] ?? {};
}

function imageOf({ root, own, overlay }: DatastoreFiles, name: string): string | undefined {
  const image = [overlay, own, root].map((one) => entryOf(one, name).image).find(Boolean);
  return typeof image === 'string' ? image : undefined;
}

/** Whether a person has set the data folder of PostgreSQL. */
function setsFolder({ root, own, overlay }: DatastoreFiles, name: string): boolean {
  return [root, own, overlay].some((one) =>
    JSON.stringify(entryOf(one, name).environment ?? {}).includes('"PGDATA'),
  );
}

function mountsOf({ root, own, overlay }: DatastoreFiles, name: string) {
  return [overlay, own, root].flatMap((source) => {
    const { volumes } = entryOf(source, name);
    if (!source || !Array.isArray(volumes)) return [];
    return volumes.flatMap((volume: unknown, index) => {
      const target = targetOf(volume);
      if (target === undefined) return [];
      const line = source.lineOf(['services', name, 'volumes', index]);
      return [{ target: target.replace(/(?<=.)\/$/, ''), file: source.file, line }];
    });
  });
}

/** `orders-data:/data:ro` and `{ source: orders-data, target: /data }` say the same. */
function targetOf(volume: unknown): string | undefined {
  if (typeof volume === 'string') return volume.split(':')[1] ?? volume;
  const { target } = (volume ?? {}) as { target?: unknown };
  return typeof target === 'string' ? target : undefined;
}

/** What keeps nothing on disk as it is generated, and so meets no files of another version. */
function keepsData(files: DatastoreFiles, name: string, product: string): boolean {
  const isCache = product === 'redis' || product === 'valkey';
  return !isCache || mountsOf(files, name).some(({ target }) => /^\/data(?:\/|$)/.test(target));
}
