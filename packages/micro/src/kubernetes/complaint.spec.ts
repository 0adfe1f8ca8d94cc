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
    'E1127 19:27:30.314122   23006 memcache.go:381] err="Get \\"https://127.0.0.1:16444/api\\": dial tcp 127.0.0.1:16444: connect: connection refused"\nThe connection to the server 127.0.0.1:16444 was refused - did you specify the right host or port?',
    {
      kind: 'no-cluster',
      reason: '127.0.0.1:16444',
    },
  ],
  ...[
    ['Get "https://127.0.0.1:16443/openapi/v3?timeout=32s": EOF', 'EOF'],
    [
      'Get "https://127.0.0.1:16443/openapi/v3?timeout=32s": read tcp 127.0.0.1:58110->127.0.0.1:16443: read: connection reset by peer - error from a previous attempt',
      'connection reset by peer',
    ],
    [
      'unexpected error when reading response body. Please retry. Original error: unexpected EOF',
      'unexpected EOF',
    ],
    ...[
      'the server is currently unable to handle the request',
      'the server has received too many requests',
      'the server was unable to return a response in the time allotted',
    ].map((reason) => [reason, reason]),
  ].map(([why, reason]): [string, object] => [
    `error: error validating "STDIN": error validating data: ${why}; if you choose to ignore these errors, turn validation off with --validate=false`,
    { kind: 'no-cluster', reason },
  ]),
  [
    'Error from server (Forbidden): error when creating "STDIN": pods "a" is forbidden: not yet ready to handle request',
    { kind: 'no-cluster', reason: 'not yet ready to handle request' },
  ],
  [
    'Error from server: etcdserver: request timed out',
    { kind: 'no-cluster', reason: 'etcdserver: request timed out' },
  ],
  [
    'E1129 18:18:33.076590   32124 memcache.go:287] "Unhandled Error" err="couldn\'t get resource list for metrics.k8s.io/v1beta1: the server is currently unable to handle the request"\nerror: something else',
    { kind: 'other' },
  ],
  [
    'Error from server: Get "https://198.19.128.12:10250/containerLogs/shop/orders-1/orders?tailLines=20": dial tcp 198.19.128.12:10250: connect: no route to host',
    { kind: 'no-node', reason: 'dial tcp 198.19.128.12:10250: connect: no route to host' },
  ],
  [
    'Error from server: error dialing backend: dial tcp 198.19.128.12:10250: connect: no route to host',
    { kind: 'no-node', reason: 'dial tcp 198.19.128.12:10250: connect: no route to host' },
  ],
  [
    'Error from server (InternalError): error when creating "STDIN": Internal error occurred: failed calling webhook "rules.example.com": failed to call webhook: Post "https://rules.infra.svc:443/check?timeout=10s": dial tcp 10.96.1.2:443: connect: connection refused',
    {
      kind: 'no-webhook',
      reason:
        'failed calling webhook "rules.example.com": failed to call webhook: Post "https://rules.infra.svc:443/check?timeout=10s": dial tcp 10.96.1.2:443: connect: connection refused',
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
