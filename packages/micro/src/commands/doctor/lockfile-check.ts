import type { LockfileGap } from '../../artifact/lockfile-gaps';
import type { Check } from './check';

/** How many missing packages are named. */
const NAMED = 3;

/** Whether `npm ci` takes the lockfile, which plain `docker build` and pipelines run. */
export function checkLockfile(gaps: readonly LockfileGap[]): Check[] {
  const what = 'lockfile';
  return gaps.length === 0
    ? [{ level: 'ok', what, says: 'package-lock.json has every optional package' }]
    : gaps.map((gap) => ({
        level: 'warn',
        what,
        says: `package-lock.json has no entry for ${listOf(gap.missing)}, an optional package of ${gap.of}: "npm ci" of npm 11.6.2 and later refuses it`,
        advice: adviceFor(gap),
      }));
}

function listOf(names: readonly string[]): string {
  const more = names.length - NAMED;
  return `${names.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function adviceFor({ package: name, missing }: LockfileGap): string {
  const otherwise =
    name === undefined
      ? `remove ${listOf(missing)} from it`
      : `use an older version of ${name} (with "overrides" in package.json, if another package brings it)`;
  return `pipelines and "docker build" without Nx run "npm ci". Run "npm install"; if it is still missing, your registry does not have it: ${otherwise}`;
}
