import { formatCommand, type Command } from '../docker/command';
import type { Outcome, Runner, RunOptions } from './process';

/**
 * A runner for several tasks of one run. It asks git and the engine for their facts once; everything else runs as
 * usual.
 */
export function sharedRunner(runner: Runner): Runner {
  const known = new Map<string, Promise<Outcome>>();
  return {
    run: (command, options) => {
      if (!isFact(command, options)) return runner.run(command, options);
      const question = formatCommand(command);
      const answer = known.get(question) ?? runner.run(command, options);
      known.set(question, answer);
      return answer;
    },
  };
}

/** Whether a command's answer cannot change during a run: git, and the engine's version. */
function isFact({ file, args }: Command, options: RunOptions = {}): boolean {
  if (file === 'git') return Object.keys(options).length === 0;
  return file === 'docker' && args.at(-3) === 'version';
}
