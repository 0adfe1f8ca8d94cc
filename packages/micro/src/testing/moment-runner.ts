import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Runner } from '../effects/process';

/** A moment of a deploy, in the process of that deploy. */
export interface ProcessMoment {
  when: 'before' | 'during' | 'after';
  /** A regular expression over the arguments of a docker or kubectl command. */
  command: string;
  nth: number;
  signal: 'KILL' | 'TERM' | 'INT';
  /** A file that says that the moment was reached, and whose removal ends it; nothing else happens then. */
  reached?: string;
}

const CLIENTS = ['docker', 'kubectl'];

/** A runner that ends its own process at one moment, or waits there. */
export function momentRunner(runner: Runner, moment: ProcessMoment): Runner {
  const { when, nth } = moment;
  const pattern = new RegExp(moment.command);
  let count = 0;
  return {
    run: async (command, options) => {
      const isHit =
        CLIENTS.includes(command.file) && pattern.test(command.args.join(' ')) && ++count === nth;
      if (isHit && when === 'before') await happen(moment);
      const running = runner.run(command, options);
      if (isHit && when === 'during') {
        running.catch(() => undefined);
        await happen(moment);
      }
      const outcome = await running;
      if (isHit && when === 'after') await happen(moment);
      return outcome;
    },
  };
}

async function happen({ signal, reached }: ProcessMoment): Promise<void> {
  if (reached === undefined) {
    process.kill(process.pid, `SIG${signal}`);
    // Signals are delivered a moment later.
    await sleep(50);
    return;
  }
  writeFileSync(reached, '');
  while (existsSync(reached)) await sleep(20);
}
