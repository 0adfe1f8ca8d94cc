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

/**
 * Deploys one service.
 * @returns the revision that runs.
 * @throws {UserError} if it failed; then the service runs as before.
 */
export async function rollService(run: Run, plan: EcsServicePlan): Promise<number> {
  const { service, action, desired, current, live } = plan;
  if (action === 'keep') return current!.revision;
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
    await giveAutoscaler(run, plan);
    await tagService(run, plan, written.serviceArn!, taskDefinition);
    return revisionOf(taskDefinition);
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

/** From now on, the next plan sees that it runs. */
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
