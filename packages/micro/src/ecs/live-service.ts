import type { Service } from '@aws-sdk/client-ecs';
import { formatRevision, parseCommit } from '../deployment/commit';
import { LABELS } from '../platform/image-labels';
import type { EcsScope } from './names';

/** A service as `describe-services` prints it. Times are text. */
export type DescribedService = Service;

/** A service on ECS, with what the last deploy that ended well wrote on it. */
export interface LiveService {
  described: DescribedService;
  /** Absent if no deploy of ours ended there. */
  record?: ServiceRecord | undefined;
}

/** What a deploy writes on a service when it has ended well. */
export interface ServiceRecord {
  /** The revision of its task definition, which is the number of its release. */
  revision: number;
  /** Revisions that were deployed, the oldest first. */
  releases: readonly number[];
  /** Hashes of what was rendered for it; see {@link EcsHashes}. */
  hashes: EcsHashes;
  key: string;
  /** The digest of its image. */
  digest: string;
  /** As `formatCommit` writes it; empty without git. */
  commit: string;
}

/** Of each input that was rendered: equal ones need no call. */
export interface EcsHashes {
  task: string;
  service: string;
  autoscaler: string;
  jobs: string;
}

export const ECS_TAGS = {
  revision: 'org.micro/revision',
  releases: 'org.micro/releases',
  task: 'org.micro/task',
  service: 'org.micro/service',
  autoscaler: 'org.micro/autoscaler',
  jobs: 'org.micro/jobs',
  digest: 'org.micro/digest',
  commit: 'org.micro/commit',
  key: LABELS.key,
} as const;

/** What stands for no value: AWS takes empty ones, and some of its tools do not show them. */
export const NONE = 'none';

type KeyValue = { key?: string | undefined; value?: string | undefined };

export function tagMap(tags: readonly KeyValue[] = []): Map<string, string> {
  return new Map(tags.map(({ key = '', value = '' }) => [key, value]));
}

export function recordTags(record: ServiceRecord): { key: string; value: string }[] {
  const { revision, releases, hashes, key, digest, commit } = record;
  return Object.entries({
    [ECS_TAGS.revision]: String(revision),
    [ECS_TAGS.releases]: releases.join(' '),
    [ECS_TAGS.task]: hashes.task,
    [ECS_TAGS.service]: hashes.service,
    [ECS_TAGS.autoscaler]: hashes.autoscaler,
    [ECS_TAGS.jobs]: hashes.jobs,
    [ECS_TAGS.key]: key,
    [ECS_TAGS.digest]: digest,
    [ECS_TAGS.commit]: commit || NONE,
  }).map(([name, value]) => ({ key: name, value }));
}

export function liveService(described: DescribedService): LiveService {
  const tags = tagMap(described.tags);
  const value = (name: string) => tags.get(name) ?? '';
  const revision = Number(value(ECS_TAGS.revision));
  if (!Number.isInteger(revision) || revision === 0) return { described };
  const record = {
    revision,
    releases: value(ECS_TAGS.releases).split(' ').filter(Boolean).map(Number),
    hashes: {
      task: value(ECS_TAGS.task),
      service: value(ECS_TAGS.service),
      autoscaler: value(ECS_TAGS.autoscaler),
      jobs: value(ECS_TAGS.jobs),
    },
    key: value(ECS_TAGS.key),
    digest: value(ECS_TAGS.digest),
    commit: value(ECS_TAGS.commit).replace(NONE, ''),
  };
  return { described, record };
}

/** The commit that a service was deployed from, as the label of an image names it. */
export function commitOfRecord(record: ServiceRecord | undefined): string | undefined {
  const commit = parseCommit(record?.commit);
  return commit && formatRevision(commit);
}

/** Whether a service is of this platform and environment: of one that a deploy made, or somebody from what was rendered. */
export function isOurs({ described }: LiveService, scope: EcsScope): boolean {
  const tags = tagMap(described.tags);
  return (
    tags.get('org.micro/platform') === scope.platform &&
    tags.get('org.micro/environment') === scope.environment
  );
}

/** `arn:…:task-definition/acme-production-orders:12` -> 12 */
export function revisionOf(taskDefinition: string | undefined): number {
  return Number(taskDefinition?.split(':').at(-1));
}
