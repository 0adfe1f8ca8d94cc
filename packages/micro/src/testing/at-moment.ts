import type { Runner } from '../effects/process';
import { formatCommand } from '../docker/command';

interface RunnerMoment {
  when: 'before' | 'after';
  /** Of the command, as a person would type it. */
  command: RegExp;
  nth?: number;
}

/** A runner that does something else as well, once, before or after the n-th command of this kind. */
export function atMoment(
  runner: Runner,
  { when, command: pattern, nth = 1 }: RunnerMoment,
  then: () => void | Promise<void>,
): Runner & { wasReached: () => boolean } {
  let count = 0;
  return {
    wasReached: () => count >= nth,
    run: async (command, options) => {
      const isHit = pattern.test(formatCommand(command)) && ++count === nth;
      if (isHit && when === 'before') await then();
      const outcome = await runner.run(command, options);
      if (isHit && when === 'after') await then();
      return outcome;
    },
  };
}
