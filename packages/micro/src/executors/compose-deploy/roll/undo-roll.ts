import type { ServiceChange } from '../../../deployment/plan';
import type { Container } from '../../../deployment/container';
import { removeArguments, startArguments, stopArguments } from '../../../docker/container';
import { waitUntilHealthy } from './health';
import { idsOf, undoing, type Progress, type Roll } from './roll-state';
import { drainAfter, hideInPlace, reveal } from './traffic';

/**
 * Makes the old containers serve again and removes the new ones: those that never served at once, the others after the
 * old ones are back.
 * @returns what is running now, in words.
 */
export async function putBack(
  parts: Roll,
  { current, found, hidden, stopped }: Progress,
): Promise<{ undone: boolean; outcome: string[] }> {
  const { service, undo } = parts;
  const run = undoing(parts);
  const failures: string[] = [];
  const attempt = async (work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      failures.push(`  ${(error as Error).message}`);
    }
  };
  const remove = (containers: readonly Container[]) =>
    containers.length > 0 &&
    attempt(() => run(removeArguments(idsOf(containers)), `Could not remove the new ${service}`));
  const beside = parts.plan.order === 'start-first' && parts.plan.serving.length > 0;
  const called = beside ? found : [];
  await remove([...new Set([...current, ...found])].filter((one) => !called.includes(one)));
  const touched = hidden.length + stopped.length > 0;
  if (touched) {
    await attempt(async () => {
      if (stopped.length > 0) {
        const old = idsOf(stopped);
        await run(startArguments(old), `Could not start the old ${service} again`);
        await waitUntilHealthy({ ...parts, ...undo }, old);
      }
      if (hidden.length > 0) await reveal(run, hidden, { ...parts, ...undo });
    });
  }
  if (called.length > 0) {
    // They finish their requests before they are removed, unless they have ended already.
    await (async () => {
      const disconnected = await hideInPlace({ ...parts, ...undo }, called);
      await undo.clock.sleep(drainAfter(disconnected));
      await run(stopArguments(idsOf(called)), `Could not stop the new ${service}`);
    })().catch(() => undefined);
    await remove(called);
  }
  return { undone: failures.length === 0, outcome: describeOutcome(parts.plan, touched, failures) };
}

function describeOutcome({ serving }: ServiceChange, touched: boolean, failures: string[]) {
  const names = serving.map(({ name }) => name).join(', ');
  const isUndone = failures.length === 0;
  if (!isUndone) {
    const next = 'the next deploy finishes or undoes what this one started';
    if (serving.length === 0) return [...failures, `  ${next}`];
    return [...failures, `  ${names} ${touched ? 'ran before' : 'was not touched'}; ${next}`];
  }
  if (serving.length === 0) return ['  nothing of the new version is left on the engine'];
  return touched
    ? [`  ${names}, which ran before, serves again`]
    : [`  ${names} keeps serving; it was not touched`];
}
