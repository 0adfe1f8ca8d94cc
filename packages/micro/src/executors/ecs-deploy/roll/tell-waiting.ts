import { formatSeconds, formatStep } from '../../../terminal/step';
import { tellOf } from '../../deploy-request';
import type { Run } from '../run';

/** Without a word for longer than this, nobody can tell a slow deployment from one that hangs. */
const EVERY_MILLISECONDS = 30_000;

/** @returns a function that is called at each look, and says every half a minute what a service waits for. */
export function tellWaiting(run: Run, service: string, clock = run.clock): (what: string) => void {
  const from = clock.now();
  let told = from;
  return (what) => {
    const now = clock.now();
    if (now - told < EVERY_MILLISECONDS) return;
    told = now;
    tellOf(run, service)(formatStep(service, 'waiting', `${what}  ${formatSeconds(now - from)}`));
  };
}
