import { lastLines, run, succeeded } from '../command.js';

/** Docker prints "Pulling from ..." as soon as a registry has answered. Without network it prints nothing. */
const REGISTRY_ANSWERS_WITHIN_MS = 15_000;
const WHOLE_PULL_WITHIN_MS = 600_000;

export type Pull = { kind: 'pulled' } | { kind: 'failed'; reason: string };

/** Pulls an image. Gives up after 15 s if no registry answers. */
export async function pullImage(ref: string): Promise<Pull> {
  const outcome = await run('docker', ['pull', ref], {
    firstOutputWithinMs: REGISTRY_ANSWERS_WITHIN_MS,
    withinMs: WHOLE_PULL_WITHIN_MS,
  });
  if (succeeded(outcome)) return { kind: 'pulled' };
  const reason =
    outcome.kind === 'timed-out' ? 'the registry took too long' : lastLines(outcome.stderr, 1);
  return { kind: 'failed', reason };
}
