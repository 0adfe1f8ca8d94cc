import { docker } from '../../docker/command';
import { DUMP_TOOLS } from '../../docker/dump';
import { scriptArguments } from '../../docker/exec';
import { watchFlow, type FlowWords } from '../../effects/flow-watch';
import type { Outcome } from '../../effects/process';
import { readStreamed } from '../../effects/streamed-file';
import { UserError } from '../../platform/user-error';
import { formatBytes } from '../../terminal/step';
import { newMark, type Place } from '../backup/dump-datastore';
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
  shell: Shell,
  { address }: Place,
  step: RestoreStep,
  goBack: string | undefined,
): Promise<void> {
  const { runner, signal } = shell;
  const { restore } = DUMP_TOOLS[step.manifest.engine];
  const how = { interactive: true, mark: newMark() };
  const command = docker(scriptArguments(step.container.id, restore, how), address);
  const what = `${step.name} could not be restored`;
  let outcome: Outcome | undefined;
  let reason: string;
  try {
    outcome = await watchFlow(shell, wordsOf(step), (onBytes) =>
      runner.run(command, { input: readStreamed(step.path), signal, onBytes }),
    );
    if (outcome.exitCode === 0) return;
    reason = toToolError(what, outcome, address).message;
  } catch (error) {
    reason = `${what}: ${signal.aborted ? whyEnded(signal) : (error as Error).message}`;
  }
  throw new UserError(`${reason}\n${stateAfterFailure(step, outcome, goBack)}`);
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
