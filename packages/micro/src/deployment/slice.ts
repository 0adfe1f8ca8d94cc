import type { Environment } from '../platform/environment';
import type { Service } from '../platform/platform';
import { volumesIn, volumesOf, type ComposeConfig } from './entry';
import { settingsOf } from './override';
import { withoutReplaced } from './secrets';

/** The part of a project that one service is made from: all that is needed to run it again. */
export type ComposeSlice = ComposeConfig;

/** Keys of an entry that a single container does not need, or must not depend on. */
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
 * Cuts a job that runs a service's image out of a rendered project, such as its migration. The job gets the settings,
 * secrets and networks of the service in the environment, so it reaches the same database.
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

/** The aliases of a container of the slice, by the networks' names on the engine. */
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
