import type { Container } from '../../../deployment/container';
import type { DesiredState } from '../../../deployment/desired-state';
import {
  type Caller,
  calledPort,
  portAfter,
  portNotes,
  withPortsOfToday,
} from '../../../deployment/linked-ports';
import { portOfState, servedPorts } from '../../../deployment/listening-port';
import type { ServicePlan } from '../../../deployment/run-plan';

/** Reads the running containers with their variables, when somebody needs them. */
export type ReadCallers = () => Promise<readonly Caller[]>;

/**
 * A recorded release with the ports of today. Services that are not part of a rollback keep their URLs, so a release from
 * before a port changed has to listen where they call it.
 *
 * @param planned the services that the run deploys before it.
 */
export async function recordedAtPortsOfToday(
  state: DesiredState,
  planned: readonly ServicePlan[],
  containers: readonly Container[],
  readCallers: ReadCallers,
): Promise<DesiredState> {
  const own = calledPort(await readCallers(), state.service, portOfState(state));
  return withPortsOfToday(state, own, (service) => portAfter(service, planned, containers));
}

/** The plan of each service with what to know of ports that change. */
export async function withPortNotes(
  environment: string,
  services: readonly ServicePlan[],
  containers: readonly Container[],
  readCallers: ReadCallers,
): Promise<ServicePlan[]> {
  const moves = services.some(({ service, plan, desired }) => {
    const served = servedPorts(containers, service);
    return plan.kind !== 'keep' && served.some((port) => port !== portOfState(desired));
  });
  const notes = portNotes(services, moves ? await readCallers() : containers, environment);
  return services.map((one) => {
    const own = notes.get(one.service) ?? [];
    return own.length > 0 ? { ...one, notes: own } : one;
  });
}
