import { linkVariable } from '../platform/link';
import { isServing, type Container } from './container';
import type { DesiredState } from './desired-state';
import { entryLabel } from './fingerprint';
import { DEPLOY_LABELS } from './labels';
import { portOfState, servedPorts } from './listening-port';
import type { ServicePlan } from './run-plan';
import { secretsPart, withSecrets } from './secrets';

/** A variable with the URL of a service: `MICROSERVICE_USERS_URL=http://users:3001`. */
interface Call {
  variable: string;
  /** The service that it names. */
  host: string;
  port: number;
}

type Variables = Readonly<Record<string, string | null>>;

/** A container with its variables, if somebody read them: without them, it calls nobody. */
export interface Caller extends Container {
  environment?: Variables;
}

/** The URLs with a host and a port in some variables. */
function callsOf(variables: Variables): Call[] {
  return Object.entries(variables).flatMap(([variable, text]) => {
    if (!text?.includes('://') || !URL.canParse(text)) return [];
    const { hostname, port } = new URL(text);
    return port === '' ? [] : [{ variable, host: hostname, port: Number(port) }];
  });
}

/** Those of declared links. A service may have other ports in other variables. */
function linksOf(variables: Variables): Call[] {
  return callsOf(variables).filter(({ variable, host }) => variable === linkVariable(host));
}

/** The services whose running containers call a service, by the port at which they do. */
function callersByPort(containers: readonly Caller[], service: string): Map<number, string[]> {
  const served = servedPorts(containers, service);
  const callers = new Map<number, string[]>();
  for (const one of containers) {
    if (one.service === service || !isServing(one)) continue;
    for (const { variable, host, port } of callsOf(one.environment ?? {})) {
      const counts = variable === linkVariable(host) || served.includes(port);
      if (host !== service || !counts) continue;
      callers.set(port, [...new Set([...(callers.get(port) ?? []), one.service])].sort());
    }
  }
  return callers;
}

/** The port at which running services call this one, if none of them calls it at `recorded`. */
export function calledPort(
  containers: readonly Caller[],
  service: string,
  recorded: number | undefined,
): number | undefined {
  const ports = [...callersByPort(containers, service).keys()].sort((a, b) => a - b);
  return recorded !== undefined && ports.includes(recorded) ? undefined : ports[0];
}

/** The port at which a service will be reached after a run; unknown of one that is not deployed. */
export function portAfter(
  service: string,
  planned: readonly Pick<ServicePlan, 'service' | 'plan' | 'desired'>[],
  containers: readonly Container[],
): number | undefined {
  const one = planned.find((candidate) => candidate.service === service);
  if (one && one.plan.kind !== 'keep') return portOfState(one.desired);
  const ports = servedPorts(containers, service);
  return ports.length === 1 ? ports[0] : undefined;
}

/**
 * A recorded release with the ports of today: its services call the others where they listen now, and it listens where
 * it is called. An image reads its port from `PORT`; without this variable in the entry, the recorded port stays.
 *
 * @param own the port at which it is called; `undefined` if the recorded one is right.
 */
export function withPortsOfToday(
  state: DesiredState,
  own: number | undefined,
  portOf: (service: string) => number | undefined,
): DesiredState {
  const { service, slice } = state;
  const entry = slice.services[service] ?? {};
  const variables = (entry['environment'] ?? {}) as Variables;
  const recorded = portOfState(state);
  const moves = own !== undefined && own !== recorded && variables['PORT'] === String(recorded);
  const changed: Record<string, string> = moves ? { PORT: String(own) } : {};
  for (const { variable, host, port } of linksOf(variables)) {
    const today = host === service ? undefined : portOf(host);
    if (today === undefined || today === port) continue;
    changed[variable] = variables[variable]!.replace(`${host}:${port}`, `${host}:${today}`);
  }
  if (Object.keys(changed).length === 0) return state;
  const given = { ...entry, environment: { ...variables, ...changed } };
  const label = withSecrets(entryLabel(given), secretsPart(state.entryLabel));
  const labels = {
    ...(entry['labels'] as object | undefined),
    [DEPLOY_LABELS.entry]: label,
    ...(moves ? { [DEPLOY_LABELS.port]: String(own) } : {}),
  };
  const services = { ...slice.services, [service]: { ...given, labels } };
  return { ...state, entryLabel: label, slice: { ...slice, services } };
}

/** What a person should know of services whose port moves, by the service. */
export function portNotes(
  planned: readonly Pick<ServicePlan, 'service' | 'plan' | 'desired'>[],
  containers: readonly Caller[],
  environment: string,
): Map<string, string[]> {
  const notes = new Map<string, string[]>();
  const changing = planned.filter(({ plan }) => plan.kind !== 'keep');
  for (const { service, desired } of changing) {
    const next = portOfState(desired);
    const told = [...callersByPort(containers, service)].flatMap(([port, callers]) => {
      if (next === undefined || port === next) return [];
      return callers.map((caller) => {
        const callerNext = changing.find((one) => one.service === caller);
        const isTold =
          callerNext !== undefined &&
          callsOf(variablesOf(callerNext.desired)).some(
            (call) => call.host === service && call.port === next,
          );
        return isTold
          ? `it will listen on port ${next}: calls from ${caller} to port ${port} fail until ${caller} is replaced, later in this deploy`
          : `it will listen on port ${next}, but ${caller} calls it at port ${port}: these calls fail until "nx compose-deploy ${caller} -c ${environment}" gives ${caller} the new port`;
      });
    });
    if (told.length > 0) notes.set(service, told);
  }
  for (const { service, desired } of changing) {
    const told = linksOf(variablesOf(desired)).flatMap(({ variable, host, port }) => {
      const after = host === service ? undefined : portAfter(host, planned, containers);
      if (after === undefined || after === port) return [];
      return [
        `it calls ${host} at port ${port} (${variable}), but ${host} listens on port ${after}: these calls fail until "nx compose-deploy ${host} -c ${environment}"`,
      ];
    });
    if (told.length > 0) notes.set(service, [...(notes.get(service) ?? []), ...told]);
  }
  return notes;
}

function variablesOf({ slice, service }: DesiredState): Variables {
  return (slice.services[service]?.['environment'] ?? {}) as Variables;
}
