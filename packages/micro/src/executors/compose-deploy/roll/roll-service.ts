import type { Container } from '../../../deployment/container';
import { planSteps, type RollStep } from '../../../deployment/plan';
import { removeArguments, stopArguments } from '../../../docker/container';
import { readContainers } from '../../../effects/containers';
import { Interrupted } from '../../../effects/interruption';
import { UserError } from '../../../platform/user-error';
import { formatSeconds, formatStep } from '../../../terminal/step';
import { readLastWords, waitUntilHealthy, watchOf } from './health';
import { removeLeftovers } from './leftovers';
import { idsOf, runIn, undoing, type Progress, type Roll } from './roll-state';
import { DRAIN_MILLISECONDS, hide, reveal, withdraw } from './traffic';
import { findNew, startContainers } from './start-containers';
import { putBack } from './undo-roll';

/** A roll that failed or was interrupted. */
export class RollFailure extends UserError {
  override readonly name = 'RollFailure';

  constructor(
    message: string,
    /** Whether everything runs as before; if not, the next deploy finishes or undoes the rest. */
    readonly undone: boolean,
  ) {
    super(message);
  }
}

/**
 * Replaces the containers of one service, one after the other. A new one is started beside the old one and gets no
 * traffic until it is healthy. The old one is stopped after the new one stayed healthy for a while. If two cannot run
 * side by side, the old ones are stopped first. Old containers are removed at the very end, so that until then they can
 * serve again.
 *
 * @returns the containers that serve now.
 * @throws {UserError} with the container's last lines; then the old containers serve as before.
 */
export async function roll(parts: Roll): Promise<Container[]> {
  const { address, plan, service } = parts;
  if (plan.leftovers.length > 0) await removeLeftovers(parts, plan.leftovers);
  const progress: Progress = { found: [], current: [], hidden: [], stopped: [] };
  try {
    const steps = planSteps(plan);
    for (const step of steps) await takeStep(parts, step, progress, step === steps.at(-1));
    await parts.released?.();
  } catch (error) {
    const interrupted = error instanceof Interrupted;
    if (progress.current.length === 0) {
      progress.current = await findNew(parts, progress).catch(() => []);
    }
    const lastWords = interrupted ? [] : await readLastWords(parts, idsOf(progress.current));
    const { undone, outcome } = await putBack(parts, progress);
    if (!(error instanceof UserError)) throw error;
    throw new RollFailure([error.message, ...lastWords, ...outcome].join('\n'), undone);
  }
  const old = idsOf(progress.stopped);
  if (old.length > 0) {
    await undoing(parts)(removeArguments(old), `Could not remove the old ${service}`);
  }
  // Not interruptible: the roll is complete.
  return readContainers(parts.undo.runner, address, idsOf([...plan.kept, ...progress.found]));
}

async function takeStep(
  parts: Roll,
  step: RollStep,
  progress: Progress,
  isLast: boolean,
): Promise<void> {
  const { plan } = parts;
  const run = runIn(parts);
  const stopFirst = plan.order === 'stop-first';
  if (step.create > 0) {
    const begun = parts.clock.now();
    const hidden = !stopFirst && plan.serving.length > 0;
    const created = await startContainers(parts, step, progress, async (made) => {
      if (hidden) await hide(run, made);
      if (stopFirst && progress.stopped.length === 0) await stopOld(parts, step.retire, progress);
    });
    const up = await waitUntilHealthy(parts, idsOf(created));
    // Without a health check, it is only known that the container runs.
    const isUnchecked = up.some(({ health }) => health === 'none');
    tellStep(parts, isUnchecked ? 'running, unchecked' : 'healthy', created, begun);
    progress.found.push(...created);
    if (hidden) await reveal(run, created, parts);
    parts.serving?.();
  }
  const steadyAt = step.create > 0 ? parts.clock.now() + parts.steady * 1000 : 0;
  const watch = watchOf(progress.current, parts.clock.now());
  if (stopFirst || step.retire.length === 0) {
    await watch(parts, steadyAt);
  } else {
    await watch(parts, steadyAt - DRAIN_MILLISECONDS);
    progress.hidden.push(...step.retire);
    // All new containers serve. If the deploy is interrupted now, finishing is quicker than undoing.
    const ending = isLast ? { ...parts, ...parts.undo } : parts;
    const drain = await withdraw(ending, step.retire);
    await watch(ending, Math.max(steadyAt, ending.clock.now() + drain));
    progress.current = [];
    await stopOld(ending, step.retire, progress);
  }
  progress.current = [];
}

async function stopOld(
  parts: Roll,
  retired: readonly Container[],
  { stopped }: Progress,
): Promise<void> {
  const begun = parts.clock.now();
  stopped.push(...retired);
  await runIn(parts)(stopArguments(idsOf(retired)), `Could not stop the old ${parts.service}`);
  tellStep(parts, 'stopped', retired, begun);
}

/** `orders  healthy  acme-orders-2  4.2 s` */
function tellStep(
  { service, clock, say }: Roll,
  verb: string,
  containers: readonly Container[],
  begun: number,
): void {
  const names = containers.map(({ name }) => name).join(', ');
  say(formatStep(service, verb, `${names}  ${formatSeconds(clock.now() - begun)}`));
}
