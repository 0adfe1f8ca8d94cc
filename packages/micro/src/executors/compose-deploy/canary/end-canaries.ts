import { isDeepStrictEqual } from 'node:util';
import { describeCanary, type CanaryPlan } from '../../../deployment/canary-plan';
import { noteShares } from '../../../effects/canary-shares';
import { forgetReleases } from '../../../effects/release-book';
import { canaryName } from '../../../platform/canary';
import { formatStep } from '../../../terminal/step';
import { attempt } from '../../deploy-failures';
import { removeLeftovers } from '../roll/leftovers';
import type { Facts, Run } from '../run';
import { sharesAfter } from './plan-canaries';

/** How long the edge may still send requests to a canary that has no share any more: it reads its settings at once. */
const LAST_REQUESTS = 500;

/** Records which requests canaries get from now on. The edge reads it when it is brought up to date. */
export async function recordShares(
  run: Run,
  canaries: readonly CanaryPlan[],
  facts: Facts,
): Promise<void> {
  const after = sharesAfter(run, canaries, facts);
  if (isDeepStrictEqual([...after], [...facts.shares])) return;
  await noteShares({ ...run.book, runner: run.undo.runner }, after);
}

/** Tells the shares, and removes the canaries that ended. The edge sends them nothing any more. */
export async function endCanaries(
  run: Run,
  canaries: readonly CanaryPlan[],
  { releases, containers }: Facts,
): Promise<void> {
  const { failures, undo, address, book, clock, tell } = run;
  for (const canary of canaries.filter(({ action }) => action === 'start')) {
    const name = canaryName(canary.service);
    if (failures.has(name)) continue;
    const key = run.canaryOf.get(name)?.key;
    tell(formatStep(canary.service, 'canary', describeCanary({ ...canary, key })));
  }
  const ended = canaries.filter(
    ({ service, action }) => (action === 'promote' || action === 'abort') && !failures.has(service),
  );
  if (ended.length > 0) await clock.sleep(LAST_REQUESTS);
  for (const { service, action } of ended) {
    await attempt(run, service, async () => {
      const name = canaryName(service);
      const own = containers.filter((one) => one.service === name);
      const engine = { runner: undo.runner, address, service: name };
      if (own.length > 0) await removeLeftovers(engine, own);
      await forgetReleases({ ...book, runner: undo.runner }, releases.get(name) ?? []);
      const names = own.map((one) => one.name).join(', ') || name;
      const what = action === 'promote' ? 'its version serves all requests' : 'had a share before';
      tell(formatStep(service, 'removed', `${names}, ${what}`));
    });
  }
}
