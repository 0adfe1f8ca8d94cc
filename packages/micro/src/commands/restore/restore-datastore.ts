import { docker } from '../../docker/command';
import { DUMP_TOOLS } from '../../docker/dump';
import { scriptArguments } from '../../docker/exec';
import type { Outcome } from '../../effects/process';
import { readStreamed } from '../../effects/streamed-file';
import { UserError } from '../../platform/user-error';
import type { Place } from '../backup/dump-datastore';
import { whyEnded } from '../hold-environment';
import type { Shell } from '../shell';
import { toToolError } from '../tool-failure';
import { stateAfterFailure, type RestoreStep } from './plan';

/**
 * Replaces what a datastore holds by its dump.
 * @param goBack the command that brings back what was there.
 * @throws {UserError} with the state that the datastore is in.
 */
export async function restoreDatastore(
  { runner, signal }: Shell,
  { address }: Place,
  step: RestoreStep,
  goBack: string | undefined,
): Promise<void> {
  const { restore } = DUMP_TOOLS[step.manifest.engine];
  const command = docker(
    scriptArguments(step.container.id, restore, { interactive: true }),
    address,
  );
  const what = `${step.name} could not be restored`;
  let outcome: Outcome | undefined;
  let reason: string;
  try {
    outcome = await runner.run(command, { input: readStreamed(step.path), signal });
    if (outcome.exitCode === 0) return;
    reason = toToolError(what, outcome, address).message;
  } catch (error) {
    reason = `${what}: ${signal.aborted ? whyEnded(signal) : (error as Error).message}`;
  }
  throw new UserError(`${reason}\n${stateAfterFailure(step, outcome, goBack)}`);
}
