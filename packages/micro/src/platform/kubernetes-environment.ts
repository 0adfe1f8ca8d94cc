import { z } from 'zod';
import { analysisSchema } from './canary-analysis';
import { checkEnvironment } from './check-environment';
import { BROKER_VARIABLE } from './datastore';
import {
  jobTimeout,
  links,
  lockTimeout,
  olderCommits,
  platformOfHosts,
  publicUrl,
  registry,
  releases,
  secretsSchema,
  variablesSchema,
  variableProblems,
} from './environment-keys';
import { hostName } from './publish';
import { resourcesSchema } from './resources';
import { seconds } from './time';
import { verifySchema } from './verify';
import type { YamlSource } from './yaml-source';

/** The rule for most names in Kubernetes (RFC 1123). */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

function label(what: string) {
  return z
    .string()
    .regex(LABEL, `${what} has lower-case letters, digits and "-", 63 characters at most`);
}

const percent = z.int().min(1).max(1000);

const autoscaleSchema = z
  .strictObject({
    min: z.int().min(1).default(1).describe('Fewest pods'),
    max: z.int().min(1).describe('Most pods'),
    cpu: percent
      .describe('Percent of the requested CPU that the pods use on average before there are more')
      .optional(),
    memory: percent
      .describe(
        'Percent of the requested memory that the pods use on average before there are more',
      )
      .optional(),
  })
  .superRefine(({ min, max, cpu, memory }, context) => {
    const issue = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (max < min) issue('max', `"max" is ${max}, which is less than "min" (${min})`);
    if (cpu === undefined && memory === undefined) {
      issue('max', 'say what decides: give "cpu" or "memory", in percent of what is requested');
    }
  });

const ingressSchema = z.strictObject({
  class: z.string().min(1).describe('The ingress class. Default: that of the cluster').optional(),
  annotations: z
    .record(z.string(), z.string())
    .default({})
    .describe('Annotations for the ingress controller, such as the issuer of cert-manager'),
});

const gatewaySchema = z.strictObject({
  name: label('a Gateway').describe('The Gateway that routes are attached to'),
  namespace: label('a namespace')
    .describe('Its namespace. Default: that of the platform')
    .optional(),
  listener: z.string().min(1).describe('One of its listeners. Default: all').optional(),
});

/** `environments/<name>.yml` for a Kubernetes cluster. */
export const kubernetesSchema = z
  .strictObject({
    engine: z.literal('kubernetes').describe('What runs the containers'),
    context: z
      .string()
      .min(1)
      .describe('The kubectl context of the cluster. The current context is never used'),
    namespace: label('a namespace')
      .describe('The namespace of the platform. Default: <platform>-<environment>')
      .optional(),
    registry: registry.describe(
      'Registry that images are pushed to and that the cluster pulls from',
    ),
    pullSecret: label('a secret')
      .describe('Secret of the namespace with the credentials for the registry')
      .optional(),
    platform: platformOfHosts.optional(),
    ingress: ingressSchema.describe('Publish hosts by Ingress').optional(),
    gateway: gatewaySchema
      .describe('Publish hosts by the Gateway API; with "mesh: istio", by a Gateway of Istio')
      .optional(),
    mesh: z
      .enum(['istio'], { error: 'mesh is istio' })
      .describe(
        'The service mesh of the namespace: calls are routed by its VirtualServices, so that each service can have a canary',
      )
      .optional(),
    datastores: z
      .enum(['in-cluster', 'external'])
      .default('in-cluster')
      .describe(
        'in-cluster: databases and caches run as StatefulSets; external: their URLs are secrets of the services',
      ),
    broker: z
      .enum(['in-cluster', 'external'])
      .default('external')
      .describe(
        'in-cluster: the broker of compose.yaml runs as a StatefulSet; external: its URL is a secret of each service that uses it',
      ),
    storage: z
      .strictObject({
        class: z.string().min(1).describe('Storage class. Default: that of the cluster').optional(),
        size: z
          .string()
          .regex(/^[1-9]\d*(Mi|Gi|Ti)$/, 'a size is for example 8Gi')
          .default('8Gi')
          .describe(
            'Size of the volume of each datastore, of the broker, and of each part of observability',
          ),
      })
      .prefault({})
      .describe('Volumes of the datastores, the broker and observability'),
    canary: z
      .strictObject({
        analysis: analysisSchema
          .describe('Watch the error rate of canaries, and remove those that are worse')
          .optional(),
      })
      .describe('How new versions are tried with --canary')
      .optional(),
    observability: z
      .enum(['none', 'in-cluster'])
      .default('none')
      .describe(
        'in-cluster: what observability/compose.yaml has (Prometheus, Grafana, Jaeger) runs beside the services, which report to it',
      ),
    healthTimeout: seconds.default(120).describe('How long a rollout may make no progress'),
    jobTimeout,
    lockTimeout,
    releases,
    olderCommits,
    verify: verifySchema.optional(),
    services: z
      .record(
        z.string(),
        z.strictObject({
          host: z
            .union([hostName, z.array(hostName).min(1)])
            .transform((hosts) => [hosts].flat())
            .describe('Publish it: its public host name, or several')
            .optional(),
          tlsSecret: label('a secret')
            .describe('Secret of the namespace with the certificate and key of its hosts')
            .optional(),
          url: publicUrl
            .describe('Its public URL, which the service gets as PUBLIC_URL. Default: its host')
            .optional(),
          environment: variablesSchema,
          secrets: secretsSchema,
          resources: resourcesSchema
            .describe('Limits of each pod here, instead of those in its manifest')
            .optional(),
          requests: resourcesSchema
            .describe('What a node must have free for a pod. Default: the limits')
            .optional(),
          replicas: z.int().min(1).describe('Number of pods here').optional(),
          autoscale: autoscaleSchema.describe('Bounds of an autoscaler instead').optional(),
        }),
      )
      .default({})
      .describe('Overrides for single services'),
    links,
  })
  .superRefine((environment, context) => {
    const issue = (path: PropertyKey[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    if (environment.ingress && environment.gateway) {
      issue(['gateway'], 'hosts are published by "ingress" or by "gateway": remove one of them');
    }
    if (environment.mesh && environment.ingress) {
      issue(['ingress'], 'Istio publishes hosts by a Gateway of its own: write "gateway" instead');
    }
    if (environment.mesh && environment.gateway?.listener !== undefined) {
      issue(['gateway', 'listener'], 'a Gateway of Istio has no listeners: remove it');
    }
    for (const [service, one] of Object.entries(environment.services)) {
      const at = (...path: string[]) => ['services', service, ...path];
      if (one.host && !environment.ingress && !environment.gateway) {
        issue(at('host'), 'nothing publishes it: add "ingress: {}", or "gateway: { name: … }"');
      }
      if (one.tlsSecret && !environment.ingress) {
        issue(
          at('tlsSecret'),
          'it belongs to an Ingress; certificates of a Gateway are in its listeners',
        );
      }
      if (one.replicas !== undefined && one.autoscale) {
        issue(
          at('replicas'),
          'the autoscaler decides how many pods there are: remove it, or "autoscale"',
        );
      }
      for (const key of ['environment', 'secrets'] as const) {
        if (environment.broker !== 'in-cluster' || !(BROKER_VARIABLE in one[key])) continue;
        issue(
          at(key, BROKER_VARIABLE),
          'the broker runs in the cluster, where the service finds it by itself: remove it, or write "broker: external"',
        );
      }
      for (const { path, message } of variableProblems(one)) issue(at(...path), message);
    }
  })
  .describe('A Kubernetes cluster to deploy the platform to');

export interface KubernetesEnvironment extends z.output<typeof kubernetesSchema> {
  name: string;
  /** Path relative to the workspace root. */
  file: string;
}

/** Keys of environments for Compose, each with what to write instead for a cluster. */
const COMPOSE_KEYS = Object.fromEntries(
  Object.entries({
    host: 'name the cluster by "context"',
    project: 'name the namespace by "namespace"',
    portOffset: 'pods have addresses of their own',
    images: 'a cluster always pulls from the registry',
    edge: 'use "ingress" or "gateway"',
    steady: 'pods are watched by their probes',
    publish: 'use "host", with "ingress" or "gateway"',
  }).map(([key, instead]) => [key, `is a key of "engine: compose": ${instead}`]),
);

/** Whether an environment is for a cluster. */
export function isForKubernetes({ value }: YamlSource): boolean {
  return (value as { engine?: unknown } | null)?.engine === 'kubernetes';
}

/**
 * Checks the source of an environment for a cluster.
 * @throws {PlatformError} with every problem of the file.
 */
export function checkKubernetesEnvironment(
  name: string,
  source: YamlSource,
  serviceNames?: readonly string[],
): KubernetesEnvironment {
  const facts = { name, serviceNames, elsewhere: COMPOSE_KEYS };
  return { ...checkEnvironment(source, kubernetesSchema, facts), name, file: source.file };
}

/** The namespace of the platform: `acme-production`. */
export function namespaceOf(
  platformName: string,
  { namespace, name }: Pick<KubernetesEnvironment, 'namespace' | 'name'>,
): string {
  return namespace ?? `${platformName}-${name}`;
}
