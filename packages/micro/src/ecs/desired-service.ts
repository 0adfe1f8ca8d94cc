import { createHash } from 'node:crypto';
import { stableJson } from '../deployment/fingerprint';
import { NONE, type EcsHashes } from './live-service';
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

/** The input of `create-service` without what changes by itself: an autoscaler decides about the number of tasks. */
function settingsOf({ createService, autoscaler }: ServiceEntry): object {
  const { desiredCount, ...settings } = createService;
  return autoscaler ? settings : { ...settings, desiredCount };
}

/** 16 digits tell two inputs of one service apart. */
function hashOf(input: unknown): string {
  return createHash('sha256').update(stableJson(input)).digest('hex').slice(0, 16);
}
