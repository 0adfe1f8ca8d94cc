import { expect, it } from 'vitest';
import { missingFor, missingRights, type AccessRule, type NeededRight } from './rights';

const needed = (kind: string, apiVersion: string, verbs: string[]): NeededRight => ({
  ...{ kind, apiVersion, verbs, name: 'orders' },
});
const APPLY = ['create', 'patch'];

const NEEDED = [
  needed('Service', 'v1', APPLY),
  needed('Deployment', 'apps/v1', ['patch']),
  needed('NetworkPolicy', 'networking.k8s.io/v1', APPLY),
  needed('Ingress', 'networking.k8s.io/v1', ['delete']),
];

const rule = (apiGroups: string[], resources: string[], verbs: string[], names?: string[]) =>
  ({ apiGroups, resources, verbs, ...(names ? { resourceNames: names } : {}) }) as AccessRule;

const MOST = [
  rule([''], ['services'], ['*']),
  rule(['apps'], ['deployments'], ['patch'], ['orders']),
  rule(['networking.k8s.io'], ['ingresses'], ['delete']),
];

it.each<[string, AccessRule[], string[]]>([
  ['an administrator', [rule(['*'], ['*'], ['*'])], []],
  ['no rights for one kind', MOST, ['create, patch networkpolicies.networking.k8s.io']],
  [
    'rights to change what is there',
    [...MOST, rule(['networking.k8s.io'], ['*'], ['get', 'patch'])],
    ['create networkpolicies.networking.k8s.io'],
  ],
  [
    'rights for one object alone',
    [MOST[0]!, rule(['apps', 'networking.k8s.io'], ['*'], ['*'], ['gateway'])],
    [
      'patch deployments.apps',
      'create, patch networkpolicies.networking.k8s.io',
      'delete ingresses.networking.k8s.io',
    ],
  ],
])('%s', (_, rules, missing) => {
  expect(missingFor(rules, NEEDED)).toEqual(missing);
});

it('includes getting pods, without which kubectl shows no log', () => {
  const rules = [
    rule(['*'], ['*'], ['list', 'create', 'patch', 'delete', 'update']),
    rule([''], ['pods/log'], ['get']),
  ];
  expect(missingRights(rules, { observability: 'none' })).toContain('get pods');
});
