import { execFileSync } from 'node:child_process';
import { ensurePrometheusImage } from '../../../../tools/images/observability/prometheus-image';
import type { ClusterWorkspace } from './cluster-workspace';

const NAME = 'prometheus';
const PORT = 9090;

/** Where the Prometheus of a namespace is asked, through the API server. */
export function prometheusOf(namespace: string): string {
  return `http://${NAME}.${namespace}.svc:${PORT}`;
}

/** Starts a Prometheus in the namespace of a workspace, which scrapes all pods there every second. */
export async function startPrometheus(workspace: ClusterWorkspace): Promise<void> {
  const { ref } = await ensurePrometheusImage();
  const image = `${workspace.cluster.registry}/${NAME}:test`;
  execFileSync('docker', ['tag', ref, image]);
  execFileSync('docker', ['push', '--quiet', image]);
  execFileSync('docker', ['image', 'rm', image]);
  const objects = { apiVersion: 'v1', kind: 'List', items: objectsOf(workspace.namespace, image) };
  workspace.write({ 'prometheus.json': JSON.stringify(objects) });
  workspace.kubectl('apply', '--filename', `${workspace.root}/prometheus.json`);
  workspace.kubectl('rollout', 'status', `deployment/${NAME}`, '--timeout', '120s');
}

function objectsOf(namespace: string, image: string): object[] {
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
      data: { 'prometheus.yml': configurationOf(namespace) },
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
                securityContext: {
                  allowPrivilegeEscalation: false,
                  capabilities: { drop: ['ALL'] },
                },
                readinessProbe: { httpGet: { path: '/-/ready', port: PORT }, periodSeconds: 1 },
                volumeMounts: [
                  { name: 'config', mountPath: '/config' },
                  { name: 'data', mountPath: '/prometheus' },
                ],
              },
            ],
            volumes: [
              { name: 'config', configMap: { name: NAME } },
              { name: 'data', emptyDir: {} },
            ],
            securityContext: {
              ...{ runAsNonRoot: true, runAsUser: 65_534, fsGroup: 65_534 },
              seccompProfile: { type: 'RuntimeDefault' },
            },
          },
        },
      },
    },
  ];
}

/** The labels `namespace` and `pod`, as the Prometheus Operator gives them. */
function configurationOf(namespace: string): string {
  return JSON.stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: [
      {
        job_name: 'pods',
        kubernetes_sd_configs: [{ role: 'pod', namespaces: { names: [namespace] } }],
        relabel_configs: [
          {
            source_labels: ['__meta_kubernetes_pod_container_port_name'],
            ...{ regex: 'http', action: 'keep' },
          },
          { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
          { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
        ],
      },
    ],
  });
}
