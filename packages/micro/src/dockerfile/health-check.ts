import type { Instruction } from 'dockerfile-ast';
import type { WrittenHealthCheck } from '../deployment/health-check';
import { DockerfileError, flagValue, readStages, type Stage } from './stages';

/**
 * Whether an image of this Dockerfile says itself how it is checked. What a base image from elsewhere brings is not
 * known here, and does not count. A Dockerfile that cannot be read is taken for one that does.
 *
 * @param target the stage that is built; the last one unless given.
 */
export function hasHealthCheck(text: string, target?: string): boolean {
  try {
    const { stages } = readStages(text);
    const found = findIn(stages, target ?? stages.at(-1)?.name, stages.length - 1);
    return found !== undefined && found.getArguments()[0]?.getValue().toUpperCase() !== 'NONE';
  } catch (error) {
    if (error instanceof DockerfileError) return true;
    throw error;
  }
}

/** The HEALTHCHECK that counts for a stage: its own last one, else that of the stage it begins with. */
function findIn(
  stages: readonly Stage[],
  target: string | undefined,
  last: number,
): Instruction | undefined {
  const named = stages.findIndex(({ name }, at) => at <= last && name === target?.toLowerCase());
  const at = named < 0 ? last : named;
  const stage = stages[at];
  if (!stage) return undefined;
  const own = stage.instructions.filter((one) => one.getKeyword() === 'HEALTHCHECK').at(-1);
  if (own) return own;
  const base = stages.findIndex(({ name }, index) => {
    return index < at && name !== undefined && name === stage.base.text.toLowerCase();
  });
  return base < 0 ? undefined : findIn(stages.slice(0, base + 1), undefined, base);
}

/**
 * The health check that a Dockerfile gives its image; `undefined` if it gives none or cannot be read.
 *
 * @param target the stage that is built; the last one unless given.
 */
export function healthCheckOf(text: string, target?: string): WrittenHealthCheck | undefined {
  try {
    const { stages, escape } = readStages(text);
    const found = findIn(stages, target ?? stages.at(-1)?.name, stages.length - 1);
    return found && parseHealthCheck(found, escape);
  } catch (error) {
    if (error instanceof DockerfileError) return undefined;
    throw error;
  }
}

function parseHealthCheck(
  instruction: Instruction,
  escape: string,
): WrittenHealthCheck | undefined {
  const text = (instruction.getRawArgumentsContent() ?? '')
    .replaceAll(new RegExp(`\\${escape}[ \\t]*\\r?\\n`, 'g'), '')
    .replace(/^(?:--\S+\s+)*/, '');
  const [, keyword = '', command = ''] = /^(\w+)\s*(.*)$/s.exec(text) ?? [];
  if (keyword.toUpperCase() === 'NONE') return { test: ['NONE'] };
  const retries = Number(flagValue(instruction, 'retries'));
  const [interval, timeout] = ['interval', 'timeout'].map((name) => flagValue(instruction, name));
  return {
    test: wordsOf(command.trim()),
    ...(interval ? { interval } : {}),
    ...(timeout ? { timeout } : {}),
    ...(Number.isInteger(retries) && retries > 0 ? { retries } : {}),
  };
}

/** As Docker does: a list in JSON is a command, anything else is for a shell. */
function wordsOf(command: string): string[] {
  try {
    const words = JSON.parse(command) as unknown;
    if (Array.isArray(words) && words.every((word) => typeof word === 'string')) {
      return ['CMD', ...words];
    }
  } catch {
    // No JSON.
  }
  return ['CMD-SHELL', command];
}
