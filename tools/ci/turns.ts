import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Mixes the files of projects that run at the same time, so that files that mostly compute (`e2e`) run beside files
 * that mostly wait (`engine`). Within its project, a file keeps its place in Vitest's order: the longest first.
 */
export class Turns extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return takeTurns(await super.sort(files), ({ project }) => project.name);
  }
}

/** Mixes queues evenly, so that all of them end at about the same time, whatever their lengths. */
export function takeTurns<T>(items: readonly T[], queueOf: (item: T) => string): T[] {
  const queues = new Map<string, T[]>();
  for (const item of items) {
    const queue = queueOf(item);
    queues.set(queue, [...(queues.get(queue) ?? []), item]);
  }
  return [...queues.values()]
    .flatMap((queue) => queue.map((item, index) => ({ item, at: (index + 0.5) / queue.length })))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}
