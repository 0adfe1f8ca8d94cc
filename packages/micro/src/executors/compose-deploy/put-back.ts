import { readProjectContainers } from '../../effects/containers';
import { UserError } from '../../platform/user-error';
import type { Rolled } from './deploy-one';
import { planDeploy } from './plan';
import { secretsOf } from './read-secrets';
import { closeRelease, forgetReleases, readSlice } from './releases';
import { removeLeftovers } from './roll';
import { rollSlice } from './roll-slice';
import type { Run } from './run';
import type { RunPlan } from './run-plan';
import { recordedTarget, wantedOf } from './target';

/** Puts back what a run changed before a service of it failed. */
export async function putBackAll(
  run: Run,
  { services }: RunPlan,
  rolled: ReadonlyMap<string, Rolled>,
): Promise<void> {
  const { failures, address, book, name, runner } = run;
  const why = [...failures.keys()].join(', ');
  for (const [service, { release, kept, containers }] of [...rolled].reverse()) {
    if (kept) {
      failures.set(service, new UserError(`${service} did not change; ${why} failed (--atomic)`));
      continue;
    }
    const { current: before, plan: first } = services.find((one) => one.service === service)!;
    const current = first.serving.length > 0 ? before : undefined;
    try {
      if (!current) {
        await removeLeftovers({ runner, address, service }, containers);
      } else {
        const target = recordedTarget(current, await readSlice(book, current));
        const own = (await readProjectContainers(runner, address, name)).filter(
          (container) => container.service === service,
        );
        const plan = planDeploy(own, wantedOf(target, service));
        if (plan.kind !== 'keep') {
          const secrets = secretsOf(run, service, target.slice);
          await rollSlice(run, { service, plan, slice: target.slice, secrets, name: 'back' });
        }
      }
      const same = current !== undefined && current.id === release.id;
      await (same || release.again ? closeRelease(book, release) : forgetReleases(book, [release]));
      failures.set(
        service,
        new UserError(
          `${service} was put back ${current ? `to r${current.number} (${current.image})` : 'to nothing: it was not there before'}, since ${why} failed (--atomic)`,
        ),
      );
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failures.set(
        service,
        new UserError(`${service} could not be put back (--atomic): ${error.message}`),
      );
    }
  }
}

/** Lets the services of a run fail that could be deployed, since others cannot. */
export function failAll({ failures, tasks }: Run, what: string): void {
  const why = [...failures.keys()].join(', ');
  for (const { service } of tasks) {
    if (failures.has(service.name)) continue;
    failures.set(service.name, new UserError(`${why} cannot be deployed, so ${what}`));
  }
}
