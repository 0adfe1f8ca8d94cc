import { DockerfileError, readStages, type Stage } from './stages';

/**
 * Whether an image of this Dockerfile says itself how it is checked. What a base image from elsewhere brings is not
 * known here, and does not count. A Dockerfile that cannot be read is taken for one that does.
 *
 * @param target the stage that is built; the last one unless given.
 */
export function hasHealthCheck(text: string, target?: string): boolean {
  try {
    const { stages } = readStages(text);
    return checkIn(stages, target ?? stages.at(-1)?.name, stages.length - 1);
  } catch (error) {
    if (error instanceof DockerfileError) return true;
    throw error;
  }
}

function checkIn(stages: readonly Stage[], target: string | undefined, last: number): boolean {
  const named = stages.findIndex(({ name }, at) => at <= last && name === target?.toLowerCase());
  const at = named < 0 ? last : named;
  const stage = stages[at];
  if (!stage) return false;
  const own = stage.instructions.filter((one) => one.getKeyword() === 'HEALTHCHECK').at(-1);
  if (own) return own.getArguments()[0]?.getValue().toUpperCase() !== 'NONE';
  const base = stages.findIndex(({ name }, index) => {
    return index < at && name !== undefined && name === stage.base.text.toLowerCase();
  });
  return base >= 0 && checkIn(stages.slice(0, base + 1), undefined, base);
}
