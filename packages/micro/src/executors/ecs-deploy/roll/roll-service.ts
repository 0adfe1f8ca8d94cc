import type { Service } from '@aws-sdk/client-ecs';
import { formatCommit } from '../../../deployment/commit';
import { runAws } from '../../../effects/aws';
import { Interrupted } from '../../../effects/interruption';
import { ECS_TAGS, NONE, recordTags, revisionOf } from '../../../ecs/live-service';
import type { EcsServicePlan } from '../../../ecs/service-plan';
import { updateServiceInput, updateTaskInput } from '../../../ecs/update-input';
import { parseImageReference } from '../../../platform/image-reference';
import { UserError } from '../../../platform/user-error';
import type { Run } from '../run';
import { giveAutoscaler } from './autoscaler';
import { runJobs } from './jobs';
import { deregisterTask, registerTask } from './register';
import { undoService } from './undo';
import { watchDeployment } from './watch';

/** What a roll wrote. */
export interface Written {
  serviceArn: string;
  /** The ARN of the task definition that runs. */
  taskDefinition: string;
  /** Whether the roll registered it. */
  isNew: boolean;
}

/**
 * Deploys one service: until it runs, and with {@link finishService} unless all services end together (`--atomic`).
 *
 * @returns what was written; `undefined` if nothing changes.
 * @throws {UserError} if it failed; then the service runs as before.
 */
export async function rollService(run: Run, plan: EcsServicePlan): Promise<Written | undefined> {
  const { service, action, desired, live } = plan;
  if (action === 'keep') return undefined;
  await runJobs(run, plan);
  const { taskDefinition: input } = desired.entry;
  const before = live?.described;
  const isNew = action !== 'change' && !desired.release;
  const there = desired.release?.taskDefinition ?? before?.taskDefinition ?? '';
  const taskDefinition = isNew
    ? await registerTask(run.aws, service, input, releaseTags(run, plan))
    : there;
  let written: Service | undefined;
  try {
    written = await writeService(run, plan, taskDefinition);
    const { deployments = [] } = written;
    const id = deployments.find(({ status }) => status === 'PRIMARY')?.id;
    await watchDeployment(run, { service, id, taskDefinition });
    const rolled = { serviceArn: written.serviceArn!, taskDefinition, isNew };
    if (!run.mode.atomic) await finishService(run, plan, rolled);
    return rolled;
  } catch (error) {
    const failure = run.interruption.signal.aborted
      ? (run.interruption.signal.reason as Error)
      : error;
    if (!(failure instanceof UserError)) throw failure;
    // A call that was interrupted may have been heard.
    const isWritten = written !== undefined || failure instanceof Interrupted;
    const after = isWritten ? await undoService(run, plan) : `${service} was not changed`;
    if (isNew) await deregisterTask(run.undo.aws, taskDefinition);
    const message =
      failure instanceof Interrupted ? `${service}: ${failure.message}` : failure.message;
    throw new UserError(`${message}\n${after}`);
  }
}

/** Gives a service that runs its autoscaler. From then on, the next plan sees that it runs. */
export async function finishService(
  run: Run,
  plan: EcsServicePlan,
  { serviceArn, taskDefinition }: Written,
): Promise<void> {
  await giveAutoscaler(run, plan);
  await tagService(run, plan, serviceArn, taskDefinition);
}

/** Takes a service back that ran already, because another one failed. @returns what it did, in words. */
export async function takeBack(
  run: Run,
  plan: EcsServicePlan,
  { serviceArn, taskDefinition, isNew }: Written,
): Promise<string> {
  const { service, live, current } = plan;
  const after = await undoService(run, plan);
  if (isNew) await deregisterTask(run.undo.aws, taskDefinition);
  if (!live) return after;
  // They may have been written already.
  const tags = current ? recordTags(current) : [{ key: ECS_TAGS.revision, value: NONE }];
  const what = `Could not write the tags of ${service}`;
  try {
    await runAws(run.undo.aws, ['ecs', 'tag-resource'], what, { resourceArn: serviceArn, tags });
    return after;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `${after}; ${error.message}`;
  }
}

/** Only what differs is sent: a setting that is sent again may start new tasks. */
async function writeService(
  { aws }: Run,
  { service, action, desired, current }: EcsServicePlan,
  taskDefinition: string,
): Promise<Service> {
  const { entry, hashes } = desired;
  if (action === 'create') {
    const answer = await runAws<{ service: Service }>(
      aws,
      ['ecs', 'create-service'],
      `Could not create the service ${service}`,
      { ...entry.createService, taskDefinition },
    );
    return answer.service;
  }
  const isSame = current?.hashes.service === hashes.service;
  const isTaskAlone = action === 'update' && (isSame || desired.release !== undefined);
  const { service: updated } = await runAws<{ service: Service }>(
    aws,
    ['ecs', 'update-service'],
    `Could not update the service ${service}`,
    isTaskAlone
      ? updateTaskInput(entry, taskDefinition)
      : updateServiceInput(entry, action === 'change' ? undefined : taskDefinition),
  );
  return updated;
}

/** What a rollback has to know of a task definition. */
function releaseTags(run: Run, { desired: { hashes } }: EcsServicePlan) {
  return [
    { key: ECS_TAGS.task, value: hashes.task },
    { key: ECS_TAGS.commit, value: commitOf(run) },
  ];
}

function commitOf({ commit }: Run): string {
  return commit ? formatCommit(commit) : NONE;
}

async function tagService(
  run: Run,
  { service, desired, current }: EcsServicePlan,
  resourceArn: string,
  taskDefinition: string,
): Promise<void> {
  const revision = revisionOf(taskDefinition);
  const { aws, environment } = run;
  const known = current?.releases ?? [];
  const releases = known.includes(revision) ? known : [...known, revision];
  const record = {
    revision,
    releases: releases.slice(-environment.releases),
    hashes: desired.hashes,
    key: desired.key,
    digest: parseImageReference(desired.image).digest ?? '',
    commit: desired.release?.commit ?? commitOf(run),
  };
  await runAws(aws, ['ecs', 'tag-resource'], `Could not write the tags of ${service}`, {
    resourceArn,
    tags: recordTags(record),
  });
}
