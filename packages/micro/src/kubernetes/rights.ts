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

interface Right {
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
  { group: '', resource: 'pods', verbs: ['list'] },
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

/**
 * The rights that a deploy needs and these rules do not give: `create, patch deployments.apps`.
 *
 * @param routes what leads requests to services, beside Ingress and Services.
 */
export function missingRights(
  rules: readonly AccessRule[],
  routes?: keyof typeof ROUTES,
): string[] {
  return [...RIGHTS, ...(routes ? [ROUTES[routes]] : [])].flatMap(({ group, resource, verbs }) => {
    const own = rules.filter(
      (rule) =>
        (rule.resourceNames ?? []).length === 0 &&
        has(rule.apiGroups, group) &&
        (has(rule.resources, resource) || hasSubresource(rule.resources, resource)),
    );
    const missing = verbs.filter((verb) => !own.some((rule) => has(rule.verbs, verb)));
    const name = group === '' ? resource : `${resource}.${group}`;
    return missing.length === 0 ? [] : [`${missing.join(', ')} ${name}`];
  });
}

function has(names: readonly string[] | undefined, name: string): boolean {
  return (names ?? []).some((one) => one === '*' || one === name);
}

// A rule for all subresources of that name covers it, too.
function hasSubresource(names: readonly string[] | undefined, resource: string): boolean {
  const [, sub] = resource.split('/');
  return sub !== undefined && (names ?? []).includes(`*/${sub}`);
}
