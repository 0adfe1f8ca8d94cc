import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { Role } from 'kubernetes-models/rbac.authorization.k8s.io/v1/Role';
import { RoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1/RoleBinding';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Service } from 'kubernetes-models/v1/Service';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { describe, expect, it } from 'vitest';
import { parseAnyEnvironment } from '../platform/environment';
import type { KubernetesEnvironment } from '../platform/kubernetes-environment';
import { OBSERVABILITY_SWITCHES } from '../platform/observability';
import { platformOf } from '../testing/platform';
import type { MountedFile } from './mounted-files';
import type { KubernetesObject } from './object';
import { renderPlatform } from './render';

const MODELS = {
  ...{ ConfigMap, Deployment, NetworkPolicy, Role, RoleBinding, Service, ServiceAccount },
  StatefulSet,
};
const PLATFORM = platformOf({
  gateway: 'kind: gateway\nport: 3001\nconsumes: [orders]\n',
  orders: 'port: 3002\n',
});
const bind = (source: string, target: string) => ({ type: 'bind', source, target });
const volume = (source: string, target: string) => ({ type: 'volume', source, target });
const PARTS = {
  prometheus: {
    image: 'prom/prometheus:v3.5.0',
    read_only: true,
    tmpfs: ['/tmp'],
    command: ['--config.file=/etc/prometheus/prometheus.yml'],
    healthcheck: { test: ['CMD', 'promtool'], interval: '5s', timeout: '5s', retries: 12 },
    volumes: [bind('/w/prometheus', '/etc/prometheus'), volume('prometheus-data', '/prometheus')],
  },
  grafana: {
    image: 'grafana/grafana:12.2.0',
    environment: { GF_SECURITY_ADMIN_PASSWORD: '${GRAFANA_PASSWORD:?}' },
    deploy: { resources: { limits: { cpus: '0.5', memory: '256M' } } },
    volumes: [
      bind('/w/dashboards', '/etc/grafana/dashboards'),
      volume('grafana-data', '/var/lib/grafana'),
    ],
  },
  jaeger: { image: 'jaegertracing/jaeger:2.15.0' },
};
const WRITTEN = {
  services: {
    gateway: { environment: { PORT: '3001', METRICS: OBSERVABILITY_SWITCHES.METRICS } },
    orders: { environment: { PORT: '3002', ...OBSERVABILITY_SWITCHES } },
    ...PARTS,
  },
};
const SCRAPE = `scrape_configs:
  - job_name: orders
    dns_sd_configs: [{ names: [orders], type: A, port: 3002 }]
`;
const FILES = new Map<string, readonly MountedFile[]>([
  [
    '/w/prometheus',
    [
      {
        file: 'observability/prometheus/prometheus.yml',
        path: 'prometheus.yml',
        content: Buffer.from(SCRAPE),
      },
    ],
  ],
  [
    '/w/dashboards',
    [{ file: 'observability/grafana/a.json', path: 'a.json', content: Buffer.from('{}') }],
  ],
]);

function render(more = 'observability: in-cluster\n', services: object = {}, files = FILES) {
  const environment = parseAnyEnvironment(
    'production',
    `engine: kubernetes\ncontext: far\nregistry: reg.example.com\n${more}`,
  ) as KubernetesEnvironment;
  const written = { services: { ...WRITTEN.services, ...services } };
  const isObserved = environment.observability === 'in-cluster';
  const parts = Object.keys(written.services).filter(
    (name) => !PLATFORM.services.some((one) => one.name === name),
  );
  return renderPlatform({
    ...{ platform: PLATFORM, environment, written, ports: new Map() },
    images: new Map(
      PLATFORM.services.map(({ name }) => [name, { key: 'k', image: `r/${name}@sha256:1` }]),
    ),
    ...(isObserved ? { observability: { parts, files } } : {}),
  });
}

const all = (rendered = render()) => rendered.entries.flatMap((entry) => [...entry.objects]);
const find = (kind: string, name: string, objects: readonly KubernetesObject[] = all()) =>
  objects.find((one) => one.kind === kind && one.metadata!.name === name);

interface Peers {
  spec: {
    ingress: {
      from: { podSelector: { matchLabels: Record<string, string> } }[];
      ports: { port: number }[];
    }[];
  };
}

/** `caller:port` of each that a policy lets in. */
function letIn(name: string, objects: readonly KubernetesObject[] = all()): string[] {
  const { ingress } = (find('NetworkPolicy', name, objects) as unknown as Peers).spec;
  return ingress.flatMap(({ from, ports }) =>
    from.flatMap(({ podSelector }) =>
      ports.map(({ port }) => `${podSelector.matchLabels['app.kubernetes.io/name']}:${port}`),
    ),
  );
}

interface WithPod {
  spec: {
    template: {
      metadata: { annotations: Record<string, string> };
      spec: {
        automountServiceAccountToken: boolean;
        securityContext: Record<string, unknown>;
        containers: { env: object[]; securityContext: object; resources?: object }[];
      };
    };
  };
}
const templateOf = (kind: string, name: string, objects = all()) =>
  (find(kind, name, objects) as unknown as WithPod).spec.template;
const environmentOf = (name: string, objects = all()) =>
  templateOf('Deployment', name, objects).spec.containers[0]!.env;

describe('observability in a cluster', () => {
  it('makes objects that Kubernetes takes, and workloads that fit their entries', () => {
    const objects = all();
    for (const object of objects) {
      new MODELS[object.kind as keyof typeof MODELS](object as never).validate();
    }
    const names = objects.map(({ kind, metadata }) => `${kind}/${metadata!.name}`);
    expect(names).toEqual(
      expect.arrayContaining([
        ...['StatefulSet/prometheus', 'StatefulSet/grafana', 'Deployment/jaeger'],
        ...['ConfigMap/prometheus-files-0', 'ConfigMap/grafana-files-0'],
        ...['Role/prometheus', 'RoleBinding/prometheus', 'Service/jaeger'],
      ]) as string[],
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it.each([
    ['StatefulSet', 'prometheus', 65534],
    ['StatefulSet', 'grafana', 472],
    ['Deployment', 'jaeger', 10001],
  ])('has a pod that the restricted level takes: %s %s', (kind, name, user) => {
    const { spec } = templateOf(kind, name);
    expect(spec.securityContext).toMatchObject({
      ...{ runAsNonRoot: true, runAsUser: user, fsGroup: user },
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(spec.containers[0]!.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    });
    // Prometheus alone asks the API server for something.
    expect(spec.automountServiceAccountToken).toBe(name === 'prometheus');
  });

  it('lets Prometheus read the pods of its namespace, and nothing else', () => {
    expect(find('Role', 'prometheus')).toMatchObject({
      metadata: { namespace: 'acme-production' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }],
    });
    expect(all().filter(({ kind }) => kind === 'Role')).toHaveLength(1);
  });

  it('lets in who scrapes, who sends traces and who shows them, and nobody else', () => {
    expect(letIn('orders')).toEqual(['gateway:3002', 'prometheus:3002']);
    expect(letIn('gateway')).toEqual(['prometheus:3001']);
    expect(letIn('prometheus')).toEqual(['grafana:9090']);
    // `gateway` was made without traces.
    expect(letIn('jaeger')).toEqual(['grafana:16686', 'orders:4318']);
    expect(letIn('grafana')).toEqual([]);
  });

  it('switches metrics and traces on, and marks the pods that have metrics', () => {
    expect(environmentOf('orders')).toEqual([
      { name: 'METRICS', value: 'on' },
      { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: 'http://jaeger:4318' },
      { name: 'PORT', value: '3002' },
    ]);
    expect(templateOf('Deployment', 'orders').metadata.annotations).toMatchObject({
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': '3002',
      'prometheus.io/path': '/metrics',
    });
  });

  it('leaves off what the environment or the entry switches off, and sends traces where they say', () => {
    const more = `observability: in-cluster
services:
  gateway: { environment: { METRICS: 'off' } }
  orders: { environment: { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://traces.example.com' } }
`;
    const objects = all(render(more));
    expect(environmentOf('gateway', objects)).toContainEqual({ name: 'METRICS', value: 'off' });
    expect(letIn('gateway', objects)).toEqual([]);
    expect(templateOf('Deployment', 'gateway', objects).metadata.annotations).not.toHaveProperty(
      'prometheus.io/scrape',
    );
    expect(letIn('jaeger', objects)).toEqual(['grafana:16686']);
    const own = { orders: { environment: { METRICS: 'off' } } };
    expect(letIn('orders', all(render(undefined, own)))).toEqual(['gateway:3002']);
  });

  it('changes nothing for an environment that does not ask for it', () => {
    const rendered = render('');
    const text = JSON.stringify(rendered);
    expect(rendered.entries.map(({ name }) => name)).toEqual(['gateway', 'orders']);
    expect(text).not.toMatch(/prometheus|jaeger/);
    expect(environmentOf('orders', all(rendered))).toContainEqual({
      name: 'METRICS',
      value: 'off',
    });
  });

  it('finds pods with the API server, and rolls the pod when a file changes', () => {
    const { data } = find('ConfigMap', 'prometheus-files-0') as { data: Record<string, string> };
    expect(data['prometheus.yml']).toContain('kubernetes_sd_configs');
    const hashOf = (files = FILES) =>
      templateOf('StatefulSet', 'grafana', all(render(undefined, {}, files))).metadata.annotations;
    const [file] = FILES.get('/w/dashboards')!;
    const other = [{ ...file!, content: Buffer.from('[]') }];
    expect(hashOf()).toEqual(hashOf());
    expect(hashOf(new Map([...FILES, ['/w/dashboards', other]]))).not.toEqual(hashOf());
  });

  it('takes the password of Grafana from a Secret, and the limits from its entry', () => {
    const { entries } = render();
    expect(entries.find(({ name }) => name === 'grafana')).toMatchObject({
      ...{ kind: 'observability', service: 'grafana' },
      secret: { variables: ['GF_SECURITY_ADMIN_PASSWORD'], files: [] },
    });
    expect(templateOf('StatefulSet', 'grafana').spec.containers[0]!.resources).toEqual({
      limits: { cpu: '500m', memory: '256Mi' },
      requests: { cpu: '500m', memory: '256Mi' },
    });
  });

  it('runs what a person added: it reaches the others, and they reach it', () => {
    const objects = all(
      render(undefined, {
        loki: { image: 'grafana/loki:3.5.0', expose: ['3100', '7946/udp'], user: '10001' },
        exporter: { image: 'acme/exporter:1' },
      }),
    );
    expect(letIn('loki', objects)).toEqual(
      ['prometheus', 'grafana', 'jaeger', 'exporter'].map((name) => `${name}:3100`),
    );
    expect(letIn('prometheus', objects)).toEqual(
      ['grafana', 'loki', 'exporter'].map((name) => `${name}:9090`),
    );
    expect(templateOf('Deployment', 'loki', objects).spec.securityContext).toMatchObject({
      runAsUser: 10001,
    });
    // Its image says who it runs as.
    const { securityContext } = templateOf('Deployment', 'exporter', objects).spec;
    expect(securityContext).toMatchObject({ runAsNonRoot: true });
    expect(securityContext).not.toHaveProperty('runAsUser');
    expect(find('Service', 'exporter', objects)).toBeUndefined();
  });
});
