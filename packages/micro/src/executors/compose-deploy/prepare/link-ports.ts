import type { Container, RunningContainer } from '../../../deployment/container';
import type { DesiredState } from '../../../deployment/desired-state';
import {
  calledPort,
  portAfter,
  portNotes,
  withPortsOfToday,
} from '../../../deployment/linked-ports';
import { portOfState, servedPorts } from '../../../deployment/listening-port';
import type { ServicePlan } from '../../../deployment/run-plan';
import { readRunningContainers } from '../../../effects/containers';
import type { Run } from '../run';

/**
 * A recorded release with the ports of today. Services that are not part of a rollback keep their URLs, so a release from
 * before a port changed has to listen where they call it.
 *
 * @param planned the services that the run deploys before it.
 */
export async function recordedAtPortsOfToday(
  run: Run,
  state: DesiredState,
  planned: readonly ServicePlan[],
  containers: readonly Container[],
): Promise<DesiredState> {
  const recorded = portOfState(state);
  const running = await readRunning(run);
  const own = calledPort(running, state.service, recorded);
  return withPortsOfToday(state, own, (service) => portAfter(service, planned, containers));
}

/** The plan of each service with what to know of ports that change. */
export async function withPortNotes(
  run: Run,
  services: readonly ServicePlan[],
  containers: readonly Container[],
): Promise<ServicePlan[]> {
  const moves = services.some(({ service, plan, desired }) => {
    const served = servedPorts(containers, service);
    return plan.kind !== 'keep' && served.some((port) => port !== portOfState(desired));
  });
  const running = moves ? await readRunning(run) : containers;
  const notes = portNotes(services, running, run.environment.name);
  return services.map((one) => {
    const own = notes.get(one.service) ?? [];
    return own.length > 0 ? { ...one, notes: own } : one;
  });
}

function readRunning({ runner, address, name }: Run): Promise<RunningContainer[]> {
  return readRunningContainers(runner, address, name);
}
