import { expect, test } from 'vitest';
import { parseClusterComplaint } from './complaint';

/** Words of kubectl 1.37.2 and an API server of that version. */
test.each([
  ['error: context "nope" does not exist', { kind: 'no-context', context: 'nope' }],
  [
    'Error from server (NotFound): namespaces "nope" not found',
    { kind: 'no-namespace', namespace: 'nope' },
  ],
  [
    'Error from server (NotFound): error when creating "STDIN": namespaces "nope" not found',
    { kind: 'no-namespace', namespace: 'nope' },
  ],
  [
    'E1127 19:27:30 memcache.go:381] err="Get \\"https://127.0.0.1:16444/api\\": dial tcp 127.0.0.1:16444: connect: connection refused"\nThe connection to the server 127.0.0.1:16444 was refused - did you specify the right host or port?',
    {
      kind: 'no-cluster',
      reason: 'dial tcp 127.0.0.1:16444: connect: connection refused',
    },
  ],
  [
    'Please enter Username: error: EOF',
    { kind: 'credentials', reason: 'the context has no credentials' },
  ],
  [
    'error: You must be logged in to the server (Unauthorized)',
    { kind: 'credentials', reason: 'error: You must be logged in to the server (Unauthorized)' },
  ],
  [
    'Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown authority',
    { kind: 'credentials', reason: 'x509: certificate signed by unknown authority' },
  ],
  [
    'Unable to connect to the server: getting credentials: exec: executable no-such-plugin not found',
    {
      kind: 'credentials',
      reason: 'getting credentials: exec: executable no-such-plugin not found',
    },
  ],
  [
    'Error from server (Forbidden): deployments.apps is forbidden: User "jane" cannot list resource "deployments" in API group "apps" in the namespace "shop"',
    {
      kind: 'forbidden',
      reason:
        'deployments.apps is forbidden: User "jane" cannot list resource "deployments" in API group "apps" in the namespace "shop"',
    },
  ],
  [
    'Error from server (Forbidden): configmaps "a" is forbidden: unable to create new content in namespace shop because it is being terminated',
    { kind: 'terminating', namespace: 'shop' },
  ],
  [
    'Error from server (Forbidden): error when creating "STDIN": services "orders" is forbidden: exceeded quota: small, requested: services=1, used: services=2, limited: services=2',
    {
      kind: 'quota',
      reason:
        'error when creating "STDIN": services "orders" is forbidden: exceeded quota: small, requested: services=1, used: services=2, limited: services=2',
    },
  ],
  [
    'Error from server: admission webhook "rules.example.com" denied the request: no team label',
    {
      kind: 'refused',
      reason: 'admission webhook "rules.example.com" denied the request: no team label',
    },
  ],
  [
    'error: the server doesn\'t have a resource type "httproutes" in group "gateway.networking.k8s.io"',
    { kind: 'unknown-kind', what: 'httproutes' },
  ],
  [
    'The Deployment "orders" is invalid: spec.template.spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    { kind: 'invalid' },
  ],
  [
    'Error from server (AlreadyExists): error when creating "STDIN": leases.coordination.k8s.io "a" already exists',
    { kind: 'exists' },
  ],
  [
    'Error from server (Conflict): error when replacing "STDIN": Operation cannot be fulfilled on leases.coordination.k8s.io "a"',
    { kind: 'conflict' },
  ],
  ['error: something else', { kind: 'other' }],
])('%s', (text, complaint) => {
  expect(parseClusterComplaint(text)).toEqual(complaint);
});
