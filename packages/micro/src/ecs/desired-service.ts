import { createHash } from 'node:crypto';
import type { TaskDefinition, Tag } from '@aws-sdk/client-ecs';
import { stableJson } from '../deployment/fingerprint';
import { ECS_TAGS, NONE, tagMap, type EcsHashes, type LiveService } from './live-service';
import type { EcsEntry, RenderedEcs } from './render';

export type ServiceEntry = Extract<EcsEntry, { kind: 'service' }>;
export type JobEntry = Extract<EcsEntry, { kind: 'job' }>;

/** What is to run of one service. */
export interface DesiredEcsService {
  service: string;
  key: string;
  image: string;
  entry: ServiceEntry;
  /** What has to end well before, in that order. */
  jobs: readonly JobEntry[];
  hashes: EcsHashes;
  /** Of a rollback: the task definition that is there already, and the commit that it is from. */
  release?: { taskDefinition: string; revision: number; commit: string };
}

export function desiredEcsService(
  { entries }: RenderedEcs,
  service: string,
  { key, image }: { key: string; image: string },
): DesiredEcsService {
  const own = entries.filter((one) => one.service === service);
  const entry = own.find((one): one is ServiceEntry => one.kind === 'service')!;
  const jobs = own.filter((one): one is JobEntry => one.kind === 'job');
  const hashes = {
    task: hashOf(entry.taskDefinition),
    service: hashOf(settingsOf(entry)),
    autoscaler: entry.autoscaler ? hashOf(entry.autoscaler) : NONE,
    jobs:
      jobs.length > 0
        ? hashOf(jobs.map(({ taskDefinition, runTask }) => [taskDefinition, runTask]))
        : NONE,
  };
  return { service, key, image, entry, jobs, hashes };
}

/**
 * A release that was deployed before: its task definition, with the settings that the service has.
 * @param found as `describe-task-definition` prints it.
 */
export function desiredEcsRelease(
  service: string,
  { described, record }: LiveService,
  { taskDefinition: found, tags }: { taskDefinition: TaskDefinition; tags?: Tag[] },
): DesiredEcsService {
  const told = tagMap(tags);
  const image = found.containerDefinitions?.find(({ name }) => name === service)?.image ?? '';
  const { clusterArn: cluster, serviceName } = described;
  return {
    ...{ service, image, key: told.get(ECS_TAGS.key) ?? '', jobs: [] },
    entry: {
      ...{ kind: 'service', name: service, service, missing: [] },
      taskDefinition: { family: found.family, containerDefinitions: found.containerDefinitions },
      createService: { cluster, serviceName, desiredCount: described.desiredCount },
    },
    hashes: { ...record!.hashes, task: told.get(ECS_TAGS.task) ?? NONE },
    release: {
      taskDefinition: found.taskDefinitionArn!,
      revision: found.revision!,
      commit: told.get(ECS_TAGS.commit) ?? NONE,
    },
  };
}

/** The input of `create-service` without what changes by itself: an autoscaler decides about the number of tasks. */
function settingsOf({ createService, autoscaler }: ServiceEntry): object {
  const { desiredCount, ...settings } = createService;
  return autoscaler ? settings : { ...settings, desiredCount };
}

/** 16 digits tell two inputs of one service apart. */
function hashOf(input: unknown): string {
  return createHash('sha256').update(stableJson(input)).digest('hex').slice(0, 16);
}
