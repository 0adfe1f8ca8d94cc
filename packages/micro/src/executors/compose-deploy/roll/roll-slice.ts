import { type Commit, formatCommit } from '../../../deployment/commit';
import { DEPLOY_LABELS } from '../../../deployment/labels';
import { join } from 'node:path';
import { writeWhole } from '../../../effects/files';
import type { Secret } from '../../../platform/secret';
import type { ServiceChange } from '../../../deployment/plan';
import { tellOf } from '../../deploy-request';
import type { Run } from '../run';
import type { Container } from '../../../deployment/container';
import type { DesiredState } from '../../../deployment/desired-state';
import { requireImage } from '../prepare/find-images';
import type { RollEvents } from './roll-state';
import { roll } from './roll-service';

/** What to roll for a service. */
export interface SliceRoll {
  service: string;
  plan: ServiceChange;
  desired: DesiredState;
  /** A tar archive with the secrets of its new containers. */
  secrets: Secret | undefined;
  /** The number of the new release. */
  release: number;
  /** The commit that it is deployed from. */
  commit: Commit | undefined;
  events: RollEvents;
}

/** Rolls one service of a run, as {@link roll} does. */
export async function rollSlice(
  run: Run,
  { service, plan, desired, secrets, release, commit, events }: SliceRoll,
): Promise<Container[]> {
  const file = join(run.folder, `${service}.r${release}.json`);
  const { slice } = desired;
  const entry = slice.services[service] ?? {};
  const labels = {
    ...(entry['labels'] as object | undefined),
    [DEPLOY_LABELS.release]: String(release),
    ...(commit ? { [DEPLOY_LABELS.commit]: formatCommit(commit) } : {}),
  };
  const services = { ...slice.services, [service]: { ...entry, labels } };
  await writeWhole(file, JSON.stringify({ ...slice, services }), 0o600);
  const { healthTimeout, steady } = run.environment;
  return roll({
    ...run,
    project: { name: run.name, files: [file] },
    service,
    plan,
    secrets,
    bringImage: () => requireImage(run, desired),
    ...events,
    healthTimeout,
    steady,
    say: tellOf(run, service),
  });
}
