import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files of projects that run at a time take turns, so that those that mostly compute (`e2e`) are beside those that
 * mostly wait (`engine`). Within its project a file is where Vitest has it: the longest first.
 */
export class Turns extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return takeTurns(await super.sort(files), ({ project }) => project.name);
  }
}

/** Mixes queues evenly: whatever their lengths are, they end at about the same time. */
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
