import { execFileSync } from 'node:child_process';
import { ensurePrometheusImage } from '../../../../tools/images/observability/prometheus-image';
import type { ClusterWorkspace } from './cluster-workspace';

const NAME = 'prometheus';
const PORT = 9090;
const DISCOVERY_PORT = 9091;

/** Where the Prometheus of a namespace is asked, through the API server. */
export function prometheusOf(namespace: string): string {
  return `http://${NAME}.${namespace}.svc:${PORT}`;
}

/** Starts a Prometheus in the namespace of a workspace, which scrapes all pods there every second. */
export async function startPrometheus(workspace: ClusterWorkspace): Promise<void> {
  const { ref } = await ensurePrometheusImage();
  const image = `${workspace.cluster.registry}/${NAME}:test`;
  docker(['tag', ref, image]);
  const discovery = `${workspace.cluster.registry}/${NAME}-discovery:test`;
  const script = Buffer.from(DISCOVERY).toString('base64');
  docker(
    ['build', '--quiet', '--tag', discovery, '-'],
    `FROM node:24-bookworm-slim\nRUN echo ${script} | base64 -d > /discovery.js\nCMD ["node", "/discovery.js"]\n`,
  );
  for (const one of [image, discovery]) docker(['push', '--quiet', one]);
  docker(['image', 'rm', image, discovery]);
  const items = objectsOf(workspace.namespace, { image, discovery });
  const objects = { apiVersion: 'v1', kind: 'List', items };
  workspace.write({ 'prometheus.json': JSON.stringify(objects) });
  workspace.kubectl('apply', '--filename', `${workspace.root}/prometheus.json`);
  workspace.kubectl('rollout', 'status', `deployment/${NAME}`, '--timeout', '120s');
}

function docker(args: readonly string[], input = ''): void {
  execFileSync('docker', args, { input, stdio: ['pipe', 'ignore', 'pipe'] });
}

function objectsOf(
  namespace: string,
  { image, discovery }: { image: string; discovery: string },
): object[] {
  const securityContext = {
    ...{ runAsUser: 65_534, runAsNonRoot: true, allowPrivilegeEscalation: false },
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  };
  const metadata = { name: NAME };
  const labels = { app: NAME };
  const rbac = 'rbac.authorization.k8s.io';
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      ...{ apiVersion: `${rbac}/v1`, kind: 'Role', metadata },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }],
    },
    {
      ...{ apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata },
      roleRef: { apiGroup: rbac, kind: 'Role', name: NAME },
      subjects: [{ kind: 'ServiceAccount', name: NAME, namespace }],
    },
    {
      ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata },
      data: { 'prometheus.yml': CONFIGURATION },
    },
    {
      ...{ apiVersion: 'v1', kind: 'Service', metadata },
      spec: { selector: labels, ports: [{ port: PORT }] },
    },
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: NAME,
            containers: [
              {
                name: NAME,
                image,
                args: ['--config.file=/config/prometheus.yml', '--storage.tsdb.path=/prometheus'],
                securityContext,
                readinessProbe: { httpGet: { path: '/-/ready', port: PORT }, timeoutSeconds: 5 },
                volumeMounts: [
                  { name: 'config', mountPath: '/config' },
                  { name: 'data', mountPath: '/prometheus' },
                ],
              },
              {
                ...{ name: 'discovery', image: discovery, securityContext },
                env: [
                  {
                    name: 'NODE_EXTRA_CA_CERTS',
                    value: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
                  },
                ],
              },
            ],
            volumes: [
              { name: 'config', configMap: { name: NAME } },
              { name: 'data', emptyDir: {} },
            ],
            securityContext: { fsGroup: 65_534 },
          },
        },
      },
    },
  ];
}

/** The labels `namespace` and `pod`, as the Prometheus Operator gives them. */
const CONFIGURATION = JSON.stringify({
  global: { scrape_interval: '1s', scrape_timeout: '1s' },
  scrape_configs: [
    {
      job_name: 'pods',
      http_sd_configs: [{ url: `http://127.0.0.1:${DISCOVERY_PORT}`, refresh_interval: '1s' }],
    },
  ],
});

/** Tells Prometheus of the pods: that of Debian is built without the discovery of Kubernetes. */
const DISCOVERY = `
const { readFileSync } = require('node:fs');
const { createServer } = require('node:http');
const account = '/var/run/secrets/kubernetes.io/serviceaccount';
const namespace = readFileSync(account + '/namespace', 'utf8');
const url = 'https://kubernetes.default.svc/api/v1/namespaces/' + namespace + '/pods';
createServer(async (_request, response) => {
  const authorization = 'Bearer ' + readFileSync(account + '/token', 'utf8');
  const { items } = await (await fetch(url, { headers: { authorization } })).json();
  const targets = items.flatMap(({ metadata, spec, status }) =>
    spec.containers
      .flatMap(({ ports = [] }) => ports)
      .filter(({ name }) => name === 'http' && status.podIP)
      .map(({ containerPort }) => ({
        targets: [status.podIP + ':' + containerPort],
        labels: { namespace, pod: metadata.name },
      })),
  );
  response.setHeader('content-type', 'application/json').end(JSON.stringify(targets));
}).listen(${DISCOVERY_PORT}, '127.0.0.1');
`;
