import type { Container } from '../../../deployment/container';
import type { ServicePlan } from '../../../deployment/run-plan';
import { type ComposeProject, startArguments } from '../../../docker/compose';
import { discardKeepingVolumesArguments } from '../../../docker/container';
import { EngineError } from '../../../docker/engine-error';
import { readProjectContainers } from '../../../effects/containers';
import { runDocker } from '../../../effects/engine';
import { Interrupted } from '../../../effects/interruption';
import { UserError } from '../../../platform/user-error';
import { readLastWords, waitUntilHealthy } from '../roll/health';
import { formatSeconds, formatStep } from '../../../terminal/step';
import { tellOf } from '../../deploy-request';
import type { Run } from '../run';

/**
 * Starts datastores and the broker that a service needs and that are not running.
 * @param started starts that other services of the run have begun.
 */
export async function startNeeds(
  run: Pick<
    Run,
    'runner' | 'address' | 'environment' | 'alone' | 'clock' | 'tell' | 'tasks' | 'repeat' | 'undo'
  >,
  project: ComposeProject,
  { service, starts }: Pick<ServicePlan, 'service' | 'starts'>,
  started: Map<string, Promise<void>>,
): Promise<void> {
  const { runner, address, environment, clock } = run;
  const missing = starts.filter((name) => !started.has(name));
  if (missing.length > 0) {
    const work = run.alone(async () => {
      const begun = clock.now();
      const failed = `Could not start what ${service} needs (${missing.join(', ')})`;
      try {
        const args = startArguments(project, missing, environment.healthTimeout);
        await runDocker(runner, args, address, failed);
        await stayUp(run, project, missing);
      } catch (error) {
        if (!(error instanceof UserError) || error instanceof Interrupted) throw error;
        const why = error instanceof EngineError ? error.message : `${failed}: ${error.message}`;
        throw new UserError([why, ...(await lastWordsOf(run, project, missing))].join('\n'));
      }
      const took = formatSeconds(clock.now() - begun);
      tellOf(run, service)(formatStep(service, 'started', `${missing.join(', ')}  ${took}`));
    });
    for (const name of missing) started.set(name, work);
  }
  // Awaited all at once: a start that fails while another one is awaited would be an unhandled rejection.
  await Promise.all(starts.flatMap((name) => started.get(name) ?? []));
}

type Needs = Pick<Run, 'runner' | 'address' | 'environment' | 'clock' | 'undo'>;

/**
 * Compose counts a container without a health check as started after a moment, even if it ends then.
 * @throws {UserError} if one does not stay up.
 */
async function stayUp(
  { runner, address, environment, clock }: Needs,
  { name }: ComposeProject,
  needs: readonly string[],
): Promise<void> {
  const all = await readProjectContainers(runner, address, name);
  const unchecked = all.filter(
    ({ service, health }) => needs.includes(service) && health === 'none',
  );
  const { healthTimeout } = environment;
  await Promise.all(
    unchecked.map(({ id, service }) =>
      waitUntilHealthy({ runner, address, clock, healthTimeout, service }, [id]),
    ),
  );
}

/** The last log lines of containers that are not up. */
async function lastWordsOf(
  { undo, address }: Needs,
  { name }: ComposeProject,
  needs: readonly string[],
): Promise<string[]> {
  const all = await readProjectContainers(undo.runner, address, name).catch(() => []);
  const ill = all.filter(
    ({ service, state, health, restarts }) =>
      needs.includes(service) &&
      (state !== 'running' || restarts > 0 || (health !== 'healthy' && health !== 'none')),
  );
  return readLastWords(
    { undo, address },
    ill.map(({ id }) => id),
  );
}

/**
 * Removes containers that an earlier deploy created but could not start, for example because a port was taken.
 * Otherwise, Compose would start them with the old configuration.
 */
export async function removeNeverStarted(
  { runner, address }: Pick<Run, 'runner' | 'address'>,
  containers: readonly Container[],
  services: readonly Pick<ServicePlan, 'starts'>[],
): Promise<void> {
  const starts = new Set(services.flatMap((one) => one.starts));
  const found = containers.filter(
    ({ service, state }) => state === 'created' && starts.has(service),
  );
  if (found.length === 0) return;
  const names = found.map(({ name }) => name).join(', ');
  const ids = found.map(({ id }) => id);
  const what = `Could not remove ${names}, which an earlier deploy could not start`;
  await runDocker(runner, discardKeepingVolumesArguments(ids), address, what);
}
