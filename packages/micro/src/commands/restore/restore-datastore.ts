import { DUMP_TOOLS } from '../../docker/dump';
import { watchFlow, type FlowWords } from '../../effects/flow-watch';
import type { Outcome } from '../../effects/process';
import { UserError } from '../../platform/user-error';
import { formatBytes } from '../../terminal/step';
import type { Place } from '../backup/place';
import { whyEnded } from '../hold-environment';
import type { Shell } from '../shell';
import { HalfReplaced, isHalfReplaced, stateAfterFailure, type RestoreStep } from './plan';

/**
 * Replaces what a datastore holds by its dump.
 * @param goBack the command that brings back what was there.
 * @throws {UserError} with the state that the datastore is in.
 */
export async function restoreDatastore(
  shell: Shell,
  place: Place,
  step: RestoreStep,
  goBack: string | undefined,
): Promise<void> {
  const { signal } = shell;
  const { manifest, container, path } = step;
  const { restore } = DUMP_TOOLS[manifest.engine];
  const what = `${step.name} could not be restored`;
  let outcome: Outcome | undefined;
  let reason: string;
  try {
    outcome = await watchFlow(shell, wordsOf(step), (onBytes) =>
      place.restore(shell, container, restore, { path, bytes: manifest.bytes, onBytes }),
    );
    if (outcome.exitCode === 0) return;
    reason = place.toError(what, outcome).message;
  } catch (error) {
    reason = `${what}: ${signal.aborted ? whyEnded(signal) : (error as Error).message}`;
  }
  const message = `${reason}\n${stateAfterFailure(step, outcome, goBack)}`;
  throw isHalfReplaced(step) ? new HalfReplaced(manifest.service, message) : new UserError(message);
}

function wordsOf({ name, manifest }: RestoreStep): FlowWords {
  const all = formatBytes(manifest.bytes);
  return {
    progress: (bytes) => `${name}  ${formatBytes(bytes)} of ${all}`,
    waiting: (bytes, since) =>
      bytes >= manifest.bytes
        ? `still waiting for ${name}: the last of its ${all} was sent at ${since}`
        : `still waiting for ${name}: it has taken no data since ${since}, ${formatBytes(bytes)} of ${all} so far`,
  };
}
