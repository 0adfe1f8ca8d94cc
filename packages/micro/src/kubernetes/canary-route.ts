import type { IService } from 'kubernetes-models/v1/Service';
import type { CanaryShare } from '../deployment/canary';
import { canaryName } from '../platform/canary';
import type { LiveObject } from './live-object';
import type {
  BackendRef,
  HttpRoute,
  IstioDestination,
  IstioRule,
  KubernetesObject,
  RouteRule,
  VirtualService,
} from './object';

/** What leads requests to a service: a route of the Gateway API, or Istio's. */
export function isRoute(object: KubernetesObject): object is HttpRoute | VirtualService {
  return object.kind === 'HTTPRoute' || object.kind === 'VirtualService';
}

/** The port at which the Service of the service is reached. */
export function portOf(objects: readonly KubernetesObject[]): number | undefined {
  const service = objects.find(({ kind }) => kind === 'Service') as IService | undefined;
  return service?.spec?.ports?.[0]?.port;
}

/** The canary of a service, and which requests it gets. */
interface Shared extends CanaryShare {
  service: string;
  port: number;
}

/** The objects of a service with routes that lead some requests to its canary. */
export function routedToCanary(
  objects: readonly KubernetesObject[],
  service: string,
  share: CanaryShare & { port: number },
): KubernetesObject[] {
  const shared = { ...share, service };
  return objects.map((object): KubernetesObject => {
    if (!isRoute(object)) return object;
    if (object.kind === 'VirtualService') {
      const http = object.spec.http.flatMap((rule) => shareIstioRule(rule, shared));
      return { ...object, spec: { ...object.spec, http } };
    }
    const rules = object.spec.rules.flatMap((rule) => shareRule(rule, shared));
    return { ...object, spec: { ...object.spec, rules } };
  });
}

/** A rule that matches a header counts before one that matches nothing. */
function shareRule(rule: RouteRule, { service, port, weight, header }: Shared): RouteRule[] {
  if (!rule.backendRefs.some(({ name }) => name === service)) return [rule];
  const canary = { name: canaryName(service), port };
  const share = (backend: BackendRef): BackendRef[] =>
    backend.name === service
      ? [
          { ...backend, weight: 100 - weight },
          { ...canary, weight },
        ]
      : [backend];
  const shared = weight === 0 ? rule : { ...rule, backendRefs: rule.backendRefs.flatMap(share) };
  if (!header) return [shared];
  const matches = [{ headers: [{ type: 'Exact' as const, ...header }] }];
  return [{ ...rule, matches, backendRefs: [canary] }, shared];
}

/** The first rule that matches counts. Istio wants names of headers in lower case. */
function shareIstioRule(rule: IstioRule, { service, port, weight, header }: Shared): IstioRule[] {
  const isOwn = ({ destination }: IstioDestination) => destination.host === service;
  if (!rule.route.some(isOwn)) return [rule];
  const canary = { destination: { host: canaryName(service), port: { number: port } } };
  const share = (one: IstioDestination): IstioDestination[] =>
    isOwn(one)
      ? [
          { ...one, weight: 100 - weight },
          { ...canary, weight },
        ]
      : [one];
  const shared = weight === 0 ? rule : { ...rule, route: rule.route.flatMap(share) };
  if (!header) return [shared];
  const match = [{ headers: { [header.name.toLowerCase()]: { exact: header.value } } }];
  return [{ ...rule, match, route: [canary] }, shared];
}

interface RouteStatus {
  parents?: readonly { conditions?: readonly { observedGeneration?: number }[] }[];
}

/** Whether every Gateway of an HTTPRoute has seen its present rules. */
export function isRouteSeen({ metadata, status }: LiveObject): boolean {
  const { parents = [] } = (status ?? {}) as RouteStatus;
  return (
    parents.length > 0 &&
    parents.every(({ conditions = [] }) =>
      conditions.every(
        ({ observedGeneration = 0 }) => observedGeneration >= (metadata.generation ?? 0),
      ),
    )
  );
}
