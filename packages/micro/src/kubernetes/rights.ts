import type { KubernetesEnvironment } from '../platform/kubernetes-environment';

/** A rule of a SelfSubjectRulesReview: what a user may do in a namespace. */
export interface AccessRule {
  verbs: readonly string[];
  apiGroups?: readonly string[];
  resources?: readonly string[];
  resourceNames?: readonly string[];
}

/** Asks the API server for all rules of the user in a namespace. It stores nothing. */
export function rulesReview(namespace: string): object {
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectRulesReview',
    spec: { namespace },
  };
}

/** What may be done with all objects of one kind. */
export interface Right {
  group: string;
  resource: string;
  verbs: readonly string[];
}

const ALL = ['get', 'list', 'create', 'patch', 'delete'];

/** What a deploy does with each kind. Server-side apply needs `create` and `patch`. */
const RIGHTS: readonly Right[] = [
  ...['services', 'serviceaccounts', 'configmaps', 'secrets'].map((resource) => ({
    ...{ group: '', resource, verbs: ALL },
  })),
  // Before it asks for a log, kubectl gets the pod.
  { group: '', resource: 'pods', verbs: ['get', 'list'] },
  { group: '', resource: 'pods/log', verbs: ['get'] },
  { group: '', resource: 'events', verbs: ['list'] },
  { group: 'apps', resource: 'deployments', verbs: ALL },
  { group: 'apps', resource: 'statefulsets', verbs: ALL },
  { group: 'apps', resource: 'replicasets', verbs: ['list'] },
  { group: 'batch', resource: 'jobs', verbs: ALL },
  { group: 'networking.k8s.io', resource: 'networkpolicies', verbs: ALL },
  { group: 'networking.k8s.io', resource: 'ingresses', verbs: ALL },
  { group: 'autoscaling', resource: 'horizontalpodautoscalers', verbs: ALL },
  { group: 'policy', resource: 'poddisruptionbudgets', verbs: ALL },
  {
    group: 'coordination.k8s.io',
    resource: 'leases',
    verbs: ['get', 'create', 'update'],
  },
];

/** To lead requests to services. */
const ROUTES = {
  gateway: { group: 'gateway.networking.k8s.io', resource: 'httproutes', verbs: ALL },
  istio: { group: 'networking.istio.io', resource: 'virtualservices', verbs: ALL },
} as const satisfies Record<string, Right>;

/** To run a Prometheus that may read the pods: nobody can give a right away that they do not have. */
const OBSERVABILITY: readonly Right[] = [
  ...['roles', 'rolebindings'].map((resource) => ({
    ...{ group: 'rbac.authorization.k8s.io', resource, verbs: ALL },
  })),
  { group: '', resource: 'pods', verbs: ['get', 'list', 'watch'] },
];

/**
 * The rights that a deploy needs and these rules do not give: `create, patch deployments.apps`.
 *
 * @param environment what leads requests to services, and whether it runs observability.
 */
export function missingRights(
  rules: readonly AccessRule[],
  {
    gateway,
    mesh,
    observability,
  }: Pick<KubernetesEnvironment, 'gateway' | 'mesh' | 'observability'>,
): string[] {
  const own = observability === 'in-cluster' ? OBSERVABILITY : [];
  const needed = [...deployRights(mesh ?? (gateway && 'gateway')), ...own];
  return needed.flatMap((right) => missingOf(rules, right));
}

/** All rights in its namespace that a deploy needs. */
export function deployRights(routes?: keyof typeof ROUTES): readonly Right[] {
  return routes === undefined ? RIGHTS : [...RIGHTS, ROUTES[routes]];
}

/** What a plan does with one object. */
export interface NeededRight {
  apiVersion: string;
  kind: string;
  name: string;
  verbs: readonly string[];
}

/** Of these, the rights that the rules do not give: `create, patch networkpolicies.networking.k8s.io`. */
export function missingFor(rules: readonly AccessRule[], needed: readonly NeededRight[]): string[] {
  const missing = needed.flatMap(({ apiVersion, kind, name, verbs }) => {
    const [group = ''] = apiVersion.includes('/') ? apiVersion.split('/') : [];
    return missingOf(rules, { group, resource: resourceOf(kind), verbs }, name);
  });
  return [...new Set(missing)];
}

/** @param name of the object, if it is a certain one: rules can be about single ones, but not those about `create`. */
function missingOf(
  rules: readonly AccessRule[],
  { group, resource, verbs }: Right,
  name?: string,
): string[] {
  const own = rules.filter(
    (rule) =>
      has(rule.apiGroups, group) &&
      (has(rule.resources, resource) || hasSubresource(rule.resources, resource)),
  );
  const allows = ({ verbs, resourceNames = [] }: AccessRule, verb: string) =>
    has(verbs, verb) &&
    (resourceNames.length === 0 ||
      (verb !== 'create' && name !== undefined && resourceNames.includes(name)));
  const missing = verbs.filter((verb) => !own.some((rule) => allows(rule, verb)));
  const full = group === '' ? resource : `${resource}.${group}`;
  return missing.length === 0 ? [] : [`${missing.join(', ')} ${full}`];
}

function resourceOf(kind: string): string {
  const name = kind.toLowerCase();
  if (name.endsWith('y')) return `${name.slice(0, -1)}ies`;
  return name.endsWith('s') ? `${name}es` : `${name}s`;
}

function has(names: readonly string[] | undefined, name: string): boolean {
  return (names ?? []).some((one) => one === '*' || one === name);
}

// A rule for all subresources of that name covers it, too.
function hasSubresource(names: readonly string[] | undefined, resource: string): boolean {
  const [, sub] = resource.split('/');
  return sub !== undefined && (names ?? []).includes(`*/${sub}`);
}
