import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import type { IJob } from 'kubernetes-models/batch/v1/Job';
import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import type { IRole } from 'kubernetes-models/rbac.authorization.k8s.io/v1/Role';
import type { IRoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1/RoleBinding';
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap';
import type { IService } from 'kubernetes-models/v1/Service';
import type { IServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { LABELS } from '../platform/image-labels';

const ENVIRONMENT_LABEL = 'org.micro/environment';

/** A route of the Gateway API, whose types are not part of Kubernetes. */
export interface HttpRoute {
  apiVersion: 'gateway.networking.k8s.io/v1';
  kind: 'HTTPRoute';
  metadata?: Metadata;
  spec: {
    parentRefs: readonly object[];
    hostnames?: readonly string[];
    rules: readonly RouteRule[];
  };
}

/** Where requests go; with `matches`, only those that have all headers of one of them. */
export interface RouteRule {
  matches?: readonly { headers: readonly HeaderMatch[] }[];
  backendRefs: readonly BackendRef[];
}

interface HeaderMatch {
  type: 'Exact';
  name: string;
  value: string;
}

/** Where a rule of a route leads to: a Service, with its share of the requests. */
export interface BackendRef {
  name: string;
  port: number;
  weight?: number;
}

/** How Istio routes the calls of a service, whose types are not part of Kubernetes. */
export interface VirtualService {
  apiVersion: 'networking.istio.io/v1';
  kind: 'VirtualService';
  metadata?: Metadata;
  spec: {
    hosts: readonly string[];
    /** `namespace/name`; `mesh` are the sidecars of all callers. */
    gateways: readonly string[];
    http: readonly IstioRule[];
  };
}

/** Where calls go; with `match`, only those with the headers of one of them. Names of headers in lower case. */
export interface IstioRule {
  match?: readonly { headers: Readonly<Record<string, { exact: string }>> }[];
  route: readonly IstioDestination[];
}

export interface IstioDestination {
  destination: { host: string; port: { number: number } };
  weight?: number;
}

/** An object of the cluster, as we declare it. Secrets are none of them: their values are given at deploy time. */
export type KubernetesObject =
  | IConfigMap
  | IDeployment
  | IHorizontalPodAutoscaler
  | HttpRoute
  | IIngress
  | IJob
  | INetworkPolicy
  | IPodDisruptionBudget
  | IRole
  | IRoleBinding
  | IService
  | IServiceAccount
  | IStatefulSet
  | VirtualService;

export type Metadata = NonNullable<IDeployment['metadata']>;

/** What all objects of a platform in an environment have in common. */
export interface Scope {
  platform: string;
  environment: string;
  namespace: string;
}

/** The labels by which objects and pods of one entry are found. They never change: a selector cannot. */
export function selectorOf({ platform }: Pick<Scope, 'platform'>, name: string) {
  return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': platform };
}

/** By which everything of a platform in an environment is listed, pods too. */
export function selectorOfPlatform({ platform, environment }: Scope): string {
  return `app.kubernetes.io/part-of=${platform},${ENVIRONMENT_LABEL}=${environment}`;
}

/** `service` of our own code, a `datastore`, the `broker`, a `job` that ends, or a part of `observability`. */
export type Component = 'service' | 'datastore' | 'broker' | 'job' | 'observability';

export function metadataOf(
  scope: Scope,
  name: string,
  { component, of = name }: { component?: Component; of?: string } = {},
): Metadata & { name: string } {
  return {
    name,
    namespace: scope.namespace,
    labels: {
      ...selectorOf(scope, of),
      ...(component === undefined ? {} : { 'app.kubernetes.io/component': component }),
      'app.kubernetes.io/managed-by': 'org-micro',
      [ENVIRONMENT_LABEL]: scope.environment,
    },
  };
}

/** The image key of its content, as images carry it. */
export const KEY_ANNOTATION = LABELS.key;
