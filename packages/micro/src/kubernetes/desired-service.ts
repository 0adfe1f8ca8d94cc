import type { IJob } from 'kubernetes-models/batch/v1/Job';
import { BROKER_NAME } from '../platform/datastore';
import { namedByContent } from './job-object';
import type { KubernetesObject } from './object';
import { hashOf } from './object-plan';
import type { ClusterRelease } from './release-book';
import type { RenderedEntry, RenderedImage, RenderedPlatform } from './render';
import { withSecretName } from './secret-name';
import type { SecretKeys } from './variables';

/** An entry as it is to be deployed. */
export interface DesiredEntry {
  name: string;
  kind: RenderedEntry['kind'];
  /** With references to the Secret of today's values. */
  objects: readonly KubernetesObject[];
  secret: SecretKeys;
  /** The name of its Secret; absent if it needs none. */
  secretName?: string | undefined;
}

/** A service with all that it needs of its own, as it is to be deployed. */
export interface DesiredService extends RenderedImage {
  service: string;
  entry: DesiredEntry;
  /** Its objects as they are recorded: with the Secret under the name of the entry. */
  recorded: readonly KubernetesObject[];
  /** The hash of those: what tells one release from another. */
  hash: string;
  datastores: readonly DesiredEntry[];
  /** The broker, if the service uses it and it runs in the cluster. All services share it. */
  broker?: DesiredEntry;
  /** In the order in which they run. */
  jobs: readonly DesiredEntry[];
  /** For a rollback: the release that it goes back to. */
  release?: ClusterRelease;
}

/** How often a job is tried: its first pod may start before a network policy lets it through. */
const ATTEMPTS = 2;

/**
 * @param secretNames of the entries that need a Secret.
 * @param running the Secret that the running broker has: jobs sign in with what it was started with.
 */
export function desiredService(
  { entries }: Pick<RenderedPlatform, 'entries'>,
  service: string,
  image: RenderedImage,
  secretNames: ReadonlyMap<string, string>,
  running?: string,
): DesiredService {
  const own = entries.filter((entry) => entry.service === service);
  const atBroker = running ?? secretNames.get(BROKER_NAME);
  const of = (kind: RenderedEntry['kind']) =>
    own
      .filter((entry) => entry.kind === kind)
      .map((entry) => desiredEntry(entry, secretNames, atBroker));
  const { objects, usesBroker } = own.find((entry) => entry.kind === 'service')!;
  const broker = usesBroker ? entries.find(({ kind }) => kind === 'broker') : undefined;
  return {
    ...image,
    ...(broker ? { broker: desiredEntry(broker, secretNames) } : {}),
    service,
    entry: of('service')[0]!,
    recorded: objects,
    hash: hashOf(objects),
    datastores: of('datastore'),
    jobs: of('job'),
  };
}

/** What observes the platform, as it is to be deployed. */
export function desiredParts(
  { entries }: Pick<RenderedPlatform, 'entries'>,
  secretNames: ReadonlyMap<string, string>,
): DesiredEntry[] {
  return entries
    .filter(({ kind }) => kind === 'observability')
    .map((entry) => desiredEntry(entry, secretNames));
}

/** A release that the cluster remembers, with today's secrets. */
export function desiredRelease(
  service: string,
  release: ClusterRelease,
  secretName: string | undefined,
): DesiredService {
  const { key, image, objects, hash, secret } = release;
  const entry = { name: service, kind: 'service' as const, service, objects, secret };
  const names = new Map(secretName === undefined ? [] : [[service, secretName]]);
  return {
    ...{ service, key, image, hash, release },
    ...{ entry: desiredEntry(entry, names), recorded: objects, datastores: [], jobs: [] },
  };
}

function desiredEntry(
  { name, kind, objects, secret }: RenderedEntry,
  secretNames: ReadonlyMap<string, string>,
  atBroker?: string,
): DesiredEntry {
  const secretName = secretNames.get(name);
  const all = objects
    .map((object) => withSecretName(object, name, secretName))
    .map((object) => withSecretName(object, BROKER_NAME, atBroker));
  return {
    ...{ name, kind, secret, secretName },
    objects: kind === 'job' ? all.map((object) => fewerAttempts(name, object as IJob)) : all,
  };
}

function fewerAttempts(name: string, job: IJob): IJob {
  return namedByContent(name, { ...job, spec: { ...job.spec!, backoffLimit: ATTEMPTS } });
}
