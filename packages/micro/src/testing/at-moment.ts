import type { Runner } from '../effects/process';
import { formatCommand } from '../docker/command';

interface RunnerMoment {
  /** `during`: both run at the same time, and both have to end. */
  when: 'before' | 'during' | 'after';
  /** Of the command, as a person would type it. */
  command: RegExp;
  nth?: number;
}

/** A runner that does something else as well, once, before, during or after the n-th command of this kind. */
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
      const running = runner.run(command, options);
      if (isHit && when === 'during') await Promise.all([running, then()]);
      const outcome = await running;
      if (isHit && when === 'after') await then();
      return outcome;
    },
  };
}
