import { isDeepStrictEqual } from 'node:util';
import type { DeployedImage } from '../image/receipt';
import { accountJobBehind } from '../platform/account';
import { elsewhere, type Environment } from '../platform/environment';
import type { Service } from '../platform/platform';
import { inTurn, jobsOf, networksOf, type ComposeConfig, type ComposeEntry } from './entry';
import { entryLabel } from './fingerprint';
import type { Commit } from './commit';
import { DEPLOY_LABELS } from './labels';
import { pinnedImage } from './override';
import type { Release } from './release';
import { withoutSecrets, withSecrets } from './secrets';
import { exclusiveResource } from './exclusive-resource';
import { templateOf } from './slice-template';
import { jobSlice, sliceOf, type ComposeSlice } from './slice';

/** Which image a service runs. */
export interface DesiredImage {
  /** The image key of its content. */
  key: string;
  /** The pinned reference. */
  image: string;
  /** How the image comes to the engine. */
  source: 'registry' | 'engine';
}

/** The desired state of a service in an environment, with everything needed to deploy it. */
export interface DesiredState extends DesiredImage {
  service: string;
  /** One hash per key of its entry; see `entryLabel`. */
  entryLabel: string;
  /** How many containers of it run. */
  replicas: number;
  /** What keeps two containers from running side by side; absent if nothing does. */
  exclusive?: string;
  slice: ComposeSlice;
  /** The slice to record, with references instead of values, and the label of its entry. */
  noted: ComposeSlice;
  template: string;
  /** Long-running dependencies of its entry, each with the image in its own entry. */
  needs: ReadonlyMap<string, string | undefined>;
  /** The networks of each of them, by their names on the engine; unknown for a rollback. */
  needNetworks: ReadonlyMap<string, readonly string[]>;
  /** Jobs that have to end before it starts, such as a migration. */
  jobs: readonly string[];
  /** The slices of those jobs that run the service's own image. */
  ownJobs: ReadonlyMap<string, ComposeSlice>;
  /** For a rollback: the release that it goes back to. */
  release?: Release;
  /** For a promoted canary: the commit that it was deployed from. */
  commit?: Commit | undefined;
}

/** The image of a push. */
export function imageOfPush(push: DeployedImage): DesiredImage {
  return {
    key: push.key,
    image: pinnedImage(push),
    source: push.kind === 'local' ? 'engine' : 'registry',
  };
}

/** The input of a desired state: the rendered entry of a service. */
export interface Declaration {
  /** The whole project, as it is deployed. */
  config: ComposeConfig;
  service: Service;
  environment: Environment;
  image: DesiredImage;
  /** The part of the entry's label that changes with the secrets; empty without secrets. */
  secrets: string;
  /** The project with no variable filled in; without it, the state cannot be recorded. */
  written?: { config: ComposeConfig; workspaceRoot: string } | undefined;
}

export function declaredState({
  config,
  service,
  environment,
  image: desired,
  secrets,
  written,
}: Declaration): DesiredState {
  const entry = config.services[service.name] ?? {};
  const { key, image } = desired;
  const label = withSecrets(entryLabel(entry), secrets);
  const all = jobsOf(entry);
  const needless = jobsWithoutUse(service, environment);
  const jobs = inTurn(
    all.filter((job) => !needless.includes(job)),
    config.services,
  );
  const needs = Object.keys((entry['depends_on'] as object | undefined) ?? {}).filter(
    (name) => !all.includes(name) && elsewhere(environment, name) === undefined,
  );
  const ofThisImage = (job: string) =>
    entry['build'] !== undefined &&
    isDeepStrictEqual(config.services[job]?.['build'], entry['build']);
  const slice = sliceOf(config, service.name, {
    image,
    labels: {
      [DEPLOY_LABELS.environment]: environment.name,
      [DEPLOY_LABELS.key]: key,
      [DEPLOY_LABELS.entry]: label,
      [DEPLOY_LABELS.port]: String(service.port),
    },
  });
  const noted = written
    ? templateOf(slice, service.name, written.config, written.workspaceRoot)
    : slice;
  return {
    ...desired,
    service: service.name,
    entryLabel: label,
    ...replicasOf(service, environment, entry),
    slice,
    noted,
    template: written ? entryLabel(noted.services[service.name] ?? {}) : '',
    needs: new Map(
      needs.map((name) => [name, config.services[name]?.['image'] as string | undefined]),
    ),
    needNetworks: new Map(needs.map((name) => [name, networksOf(config, name)])),
    jobs,
    ownJobs: new Map(
      jobs
        .filter(ofThisImage)
        .map((job) => [job, jobSlice(config, job, { service, environment, image })]),
    ),
  };
}

/**
 * Jobs that create an account that the service does not use here, because the environment sets another database URL.
 */
function jobsWithoutUse({ name }: Service, { services }: Environment): string[] {
  const { environment = {}, secrets = {} } = services[name] ?? {};
  return [...Object.keys(environment), ...Object.keys(secrets)].flatMap(
    (variable) => accountJobBehind(name, variable) ?? [],
  );
}

/** How many containers a service has in an environment, and what keeps two from running side by side. */
function replicasOf(
  service: Service,
  environment: Environment,
  entry: ComposeEntry,
): Pick<DesiredState, 'replicas' | 'exclusive'> {
  const replicas = environment.services[service.name]?.replicas ?? service.replicas;
  const exclusive = exclusiveResource(entry, replicas);
  // Only one container can hold a published port.
  return exclusive === undefined ? { replicas } : { replicas: 1, exclusive };
}

/**
 * A release that is recorded on the engine.
 *
 * @param slice with today's values filled in.
 * @param secrets the part of the label for the secrets of its containers; releases record no values.
 */
export function recordedState(
  release: Release,
  slice: ComposeSlice,
  secrets: string,
): DesiredState {
  const { service, image, key, replicas } = release;
  const entry = slice.services[service] ?? {};
  // A value may have changed since then.
  const own = release.heldBy === 'volume' ? entryLabel(entry) : withoutSecrets(release.entryLabel);
  const label = withSecrets(own, secrets);
  const labels = { ...(entry['labels'] as object | undefined), [DEPLOY_LABELS.entry]: label };
  const exclusive = exclusiveResource(entry, replicas);
  return {
    service,
    image,
    key,
    entryLabel: label,
    replicas,
    ...(exclusive === undefined ? {} : { exclusive }),
    slice: { ...slice, services: { ...slice.services, [service]: { ...entry, labels } } },
    noted: slice,
    template: release.template,
    needs: new Map(),
    needNetworks: new Map(),
    jobs: [],
    ownJobs: new Map(),
    source: image.includes('@') ? 'registry' : 'engine',
    release,
  };
}
