import { readProjectContainers } from '../../../effects/containers';
import { UserError } from '../../../platform/user-error';
import type { Rolled } from '../deploy-one';
import { planDeploy } from '../../../deployment/plan';
import { type GivenSecrets, readGiven } from '../prepare/read-secrets';
import { requireImage } from '../prepare/find-images';
import { readFilled } from '../prepare/earlier-releases';
import { closeRelease, forgetReleases } from '../../../effects/release-book';
import { rollSlice } from './roll-slice';
import type { Run } from '../run';
import type { RunPlan } from '../../../deployment/run-plan';
import { recordedState } from '../../../deployment/desired-state';
import { withPortsOfToday } from '../../../deployment/linked-ports';
import { portOf, servedPorts } from '../../../deployment/listening-port';
import { removeLeftovers } from './leftovers';

/**
 * Reads the secrets of the running containers for `putBackAll`: the environment may have other values by now, or none.
 */
export async function keepGiven(
  run: Run,
  { services }: RunPlan,
): Promise<Map<string, GivenSecrets>> {
  const given = new Map<string, GivenSecrets>();
  for (const { service, plan } of services) {
    const [first] = plan.kind === 'keep' ? [] : plan.serving;
    const secrets = first && (await readGiven(run, first));
    if (secrets) given.set(service, secrets);
  }
  return given;
}

/** Restores every service that the run changed before one failed. */
export async function putBackAll(
  run: Run,
  { services }: RunPlan,
  rolled: ReadonlyMap<string, Rolled>,
  given: ReadonlyMap<string, GivenSecrets>,
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
        const secrets = given.get(service);
        const slice = await readFilled(run, current);
        const recorded = recordedState(current, slice, secrets?.label ?? '');
        // A rollback may have given its containers another port, or other ports of those that it calls.
        const all = await readProjectContainers(runner, address, name);
        const formerPort = (of: string) => {
          const planned = services.find((one) => one.service === of);
          const ports = planned?.plan.serving.flatMap((container) => portOf(container) ?? []);
          return (ports ?? servedPorts(all, of))[0];
        };
        const desired = withPortsOfToday(recorded, formerPort(service), formerPort);
        await requireImage(run, desired);
        const own = all.filter((container) => container.service === service);
        const plan = planDeploy(own, desired);
        if (plan.kind !== 'keep') {
          await rollSlice(run, {
            service,
            plan,
            desired,
            secrets: secrets?.archive,
            release: current.number,
            commit: current.commit,
            events: {},
          });
        }
      }
      const same = current !== undefined && current.id === release.id;
      await (same || release.again ? closeRelease(book, release) : forgetReleases(book, [release]));
      failures.set(
        service,
        new UserError(
          `${service} was put back ${current ? `to r${current.number} (${current.image})` : 'to nothing (it did not exist before)'}, because ${why} failed (--atomic)`,
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
