import type { Container } from '../../../deployment/container';
import { releaseOf } from '../../../deployment/release';
import type { RunPlan } from '../../../deployment/run-plan';
import { placesOf } from '../../../deployment/slice';
import { startArguments } from '../../../docker/container';
import { Interrupted } from '../../../effects/interruption';
import { readSlice } from '../../../effects/release-book';
import { UserError } from '../../../platform/user-error';
import { formatStep } from '../../../terminal/step';
import { tellOf } from '../../deploy-request';
import type { Facts, Run } from '../run';
import { waitUntilHealthy } from './health';
import { idsOf, runIn, type Roll } from './roll-state';
import { join, leave } from './traffic';

/** Starts containers again that an interrupted deploy stopped, before anything else is done. */
export async function reviveAll(
  run: Run,
  { services }: RunPlan,
  { releases }: Facts,
): Promise<void> {
  for (const { service, revived } of services) {
    const known = releases.get(service) ?? [];
    const [first] = revived;
    if (!first) continue;
    const say = tellOf(run, service);
    const record = releaseOf(first, known);
    const slice = record && (await readSlice(run.book, record));
    try {
      await revive(
        { ...run, service, healthTimeout: run.environment.healthTimeout },
        revived,
        (container) =>
          slice
            ? placesOf(slice, service, container.name)
            : Object.fromEntries(
                Object.keys(container.networks).map((network) => [
                  network,
                  [container.name, service],
                ]),
              ),
      );
      say(formatStep(service, 'recovered', `${first.name} serves again`));
    } catch (error) {
      if (!(error instanceof UserError) || error instanceof Interrupted) throw error;
      // If it cannot be started any more, the new version replaces it.
      say(`${service}  warning: ${error.message}`);
    }
  }
}

/** Starts containers again that served before an interrupted deploy. */
export async function revive(
  parts: Pick<Roll, 'runner' | 'address' | 'addresses' | 'healthTimeout' | 'service' | 'clock'>,
  containers: readonly Container[],
  namesOf: (container: Container) => Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  const run = runIn(parts);
  const stopped = idsOf(containers.filter(({ state }) => state !== 'running'));
  if (stopped.length > 0) {
    await run(startArguments(stopped), `Could not start ${parts.service} again`);
  }
  for (const container of containers) {
    for (const [network, names] of Object.entries(namesOf(container))) {
      if (container.networks[network]) await leave(run, container, network);
      await join(run, container, network, names);
    }
  }
  await waitUntilHealthy(parts, idsOf(containers));
}
