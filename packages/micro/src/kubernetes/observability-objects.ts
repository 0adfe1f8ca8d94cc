import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import type { IRole } from 'kubernetes-models/rbac.authorization.k8s.io/v1/Role';
import type { IRoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1/RoleBinding';
import { volumesOf, type ComposeEntry } from '../deployment/entry';
import type { KubernetesEnvironment } from '../platform/kubernetes-environment';
import type { ObservabilityPart } from '../platform/observability';
import {
  argumentsOf,
  containerSecurity,
  execProbe,
  POD_DEFAULTS,
  podSecurity,
  resourcesOf,
  temporaryFolders,
  wholeSeconds,
  type Container,
  type PodSpec,
} from './container';
import type { MountedFiles } from './mounted-files';
import { metadataOf, selectorOf, type KubernetesObject, type Scope } from './object';
import { hashOf } from './object-plan';
import { pullSecrets } from './service-objects';
import type { ContainerSettings } from './variables';

/** A part of observability, such as Grafana, with all that its objects are made of. */
export interface PartInput {
  name: string;
  /** Its entry as the compose files write it, with nothing filled in. */
  written: ComposeEntry;
  settings: ContainerSettings;
  files: MountedFiles;
  /** What it is reached at. */
  ports: readonly number[];
}

/** Of the files that pods mount: other files need other pods, since not every program reads them again. */
export const FILES_ANNOTATION = 'org.micro/files';

/** The part that finds the pods of services by asking the API server. */
const READS_PODS: ObservabilityPart = 'prometheus';

/** One pod, with a volume of its own if its entry has one. */
export function partObjects(
  scope: Scope,
  environment: KubernetesEnvironment,
  input: PartInput,
): KubernetesObject[] {
  const { name, ports, files } = input;
  const metadata = metadataOf(scope, name, { component: 'observability' });
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false },
    ...(name === READS_PODS ? podReader(scope, name) : []),
    ...files.objects,
    ...(ports.length > 0
      ? [
          {
            apiVersion: 'v1' as const,
            kind: 'Service' as const,
            metadata,
            spec: {
              selector: selectorOf(scope, name),
              ports: ports.map((port) => ({ name: `port-${port}`, port })),
            },
          },
        ]
      : []),
    workload(scope, environment, input),
  ];
}

/** It may read the pods of this namespace, and nothing else. */
function podReader(scope: Scope, name: string): [IRole, IRoleBinding] {
  const metadata = metadataOf(scope, name, { component: 'observability' });
  const group = 'rbac.authorization.k8s.io';
  return [
    {
      apiVersion: `${group}/v1`,
      kind: 'Role',
      metadata,
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }],
    },
    {
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: group, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: scope.namespace }],
    },
  ];
}

function workload(
  scope: Scope,
  environment: KubernetesEnvironment,
  input: PartInput,
): IDeployment | IStatefulSet {
  const { name, written, files } = input;
  const metadata = metadataOf(scope, name, { component: 'observability' });
  const folders = volumesOf(written).map(({ source, target }) => ({
    name: source!,
    path: target!,
  }));
  const common = {
    replicas: 1,
    selector: { matchLabels: selectorOf(scope, name) },
    template: {
      metadata: {
        labels: metadata.labels!,
        ...(files.objects.length > 0
          ? { annotations: { [FILES_ANNOTATION]: hashOf(files.objects).slice(0, 16) } }
          : {}),
      },
      spec: podSpec(environment, input, folders),
    },
  };
  if (folders.length === 0) {
    return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: common };
  }
  const { class: storageClass, size } = environment.storage;
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata,
    spec: {
      ...common,
      serviceName: name,
      // Otherwise a pod that never gets ready would not be replaced by one that does.
      podManagementPolicy: 'Parallel',
      // A claim is deleted by a person alone.
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      volumeClaimTemplates: folders.map((folder) => ({
        metadata: { name: folder.name },
        spec: {
          accessModes: ['ReadWriteOnce'],
          ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
          resources: { requests: { storage: size } },
        },
      })),
    },
  };
}

function podSpec(
  environment: KubernetesEnvironment,
  { name, written, settings, files, ports }: PartInput,
  folders: readonly { name: string; path: string }[],
): PodSpec {
  const { volumes, mounts } = temporaryFolders(written);
  const container: Container = {
    name,
    image: String(written['image']),
    ...argumentsOf(written),
    env: settings.env,
    ports: ports.map((port) => ({ name: `port-${port}`, containerPort: port })),
    ...probes(written, ports),
    ...resourcesOf(limitsOf(written)),
    securityContext: containerSecurity(written),
    volumeMounts: [
      ...mounts,
      ...files.mounts,
      ...folders.map((folder) => ({ name: folder.name, mountPath: folder.path })),
    ],
  };
  return {
    ...POD_DEFAULTS,
    ...(name === READS_PODS ? { automountServiceAccountToken: true } : {}),
    serviceAccountName: name,
    ...pullSecrets(environment),
    securityContext: securityOf(written),
    terminationGracePeriodSeconds: wholeSeconds(written['stop_grace_period']) ?? 30,
    containers: [container],
    volumes: [...volumes, ...files.volumes],
  };
}

/** The numbers of the users in the official images (their Dockerfiles, November 2026), by the last part of their names. */
const USERS: Readonly<Record<ObservabilityPart, number>> = {
  prometheus: 65534,
  grafana: 472,
  jaeger: 10001,
};
const NOBODY = 65534;

/** An image that is not known runs as its own user, which must have a number and not be root. */
function securityOf({ user, image }: ComposeEntry): PodSpec['securityContext'] {
  const number = typeof user === 'string' ? Number(user.split(':')[0]) : Number.NaN;
  if (Number.isInteger(number) && number > 0) return podSecurity(number);
  const [last = ''] = String(image).split('/').at(-1)!.split(/[:@]/);
  if (Object.hasOwn(USERS, last)) return podSecurity(USERS[last as ObservabilityPart]);
  const { runAsUser, runAsGroup, ...rest } = podSecurity(NOBODY);
  return rest;
}

/** How often, every two seconds, a part may say that it is still starting: Prometheus reads its log first. */
const STARTS = 150;

function probes(written: ComposeEntry, [port]: readonly number[]): Partial<Container> {
  const probe = execProbe(written) ?? (port === undefined ? undefined : { tcpSocket: { port } });
  return probe
    ? {
        startupProbe: { ...probe, periodSeconds: 2, failureThreshold: STARTS },
        readinessProbe: probe,
      }
    : {};
}

interface Limits {
  cpus?: string | number;
  memory?: string;
}

function limitsOf({ deploy }: ComposeEntry): Parameters<typeof resourcesOf>[0] {
  const { resources } = (deploy ?? {}) as { resources?: { limits?: Limits } };
  const { cpus, memory } = resources?.limits ?? {};
  const [, number, unit] = /^(\d+)([mg])b?$/i.exec(memory ?? '') ?? [];
  return {
    ...(cpus === undefined ? {} : { cpus: Number(cpus) }),
    ...(number === undefined ? {} : { memory: `${number}${unit!.toUpperCase()}` }),
  };
}
