import type { Container } from '../../../deployment/container';
import type { RollStep } from '../../../deployment/plan';
import { createArguments } from '../../../docker/compose';
import { removeArguments, startArguments } from '../../../docker/container';
import { readProjectContainers } from '../../../effects/containers';
import { UserError } from '../../../platform/user-error';
import { giveSecrets } from './give-secrets';
import { againIfPruned, makeOf, Pruned } from './retry-if-pruned';
import { idsOf, runIn, undoing, type Progress, type Roll } from './roll-state';

/**
 * Makes the new containers of a step, gives them their secrets and starts them. Until they run, a
 * host that prunes takes them away, and their image with them: then all of it is done again.
 *
 * @param beforeStart is repeated, too.
 */
export async function startContainers(
  parts: Roll,
  step: RollStep,
  progress: Progress,
  beforeStart: (created: readonly Container[]) => Promise<void>,
): Promise<Container[]> {
  const { service, plan } = parts;
  let others = plan.serving.length + progress.found.length;
  return againIfPruned(
    async () => {
      const created = await createContainers(parts, step, progress, others);
      progress.current = created;
      await beforeStart(created);
      await runIn(parts)(startArguments(idsOf(created)), `Could not start ${service}`);
      return created;
    },
    async () => {
      others = await clearAway(parts, progress);
      await parts.bringImage?.();
    },
  );
}

/** Removes what is left of the new containers. @returns how many others there are of the service. */
async function clearAway(parts: Roll, progress: Progress): Promise<number> {
  const all = await readOwn(parts);
  const left = newOf(parts, progress, all);
  if (left.length > 0) {
    await undoing(parts)(removeArguments(idsOf(left)), `Could not remove the new ${parts.service}`);
  }
  progress.current = [];
  return all.length - left.length;
}

/** @param others how many containers of the service there are already. */
async function createContainers(
  parts: Roll,
  { create }: RollStep,
  progress: Progress,
  others: number,
): Promise<Container[]> {
  const { project, service, alone } = parts;
  await alone(() =>
    makeOf(service, (what) =>
      runIn(parts)(createArguments(project, service, others + create), what),
    ),
  );
  const created = await findNew(parts, progress);
  if (created.length !== create) {
    const message = `${service}: docker compose made ${created.length} containers instead of ${create}: check whether another deploy is running`;
    throw created.length < create ? new Pruned(message) : new UserError(message);
  }
  await giveSecrets(parts, created);
  return created;
}

/** The containers of the service that did not serve before, nor came with an earlier step. */
export async function findNew(parts: Roll, progress: Progress): Promise<Container[]> {
  return newOf(parts, progress, await readOwn(parts));
}

function newOf({ plan }: Roll, { found }: Progress, all: readonly Container[]): Container[] {
  const known = new Set(idsOf([...plan.serving, ...found]));
  return all.filter(({ id }) => !known.has(id));
}

async function readOwn({ undo, address, project, service }: Roll): Promise<Container[]> {
  const all = await readProjectContainers(undo.runner, address, project.name);
  return all.filter((container) => container.service === service);
}
