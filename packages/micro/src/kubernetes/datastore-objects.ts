import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { volumesOf, type ComposeEntry } from '../deployment/entry';
import type { KubernetesEnvironment } from '../platform/kubernetes-environment';
import { productOf } from '../platform/server-image';
import {
  argumentsOf,
  containerSecurity,
  execProbe,
  POD_DEFAULTS,
  podSecurity,
  temporaryFolders,
  wholeSeconds,
  type PodSpec,
} from './container';
import { imageUser, OFFICIAL_USER } from './image-user';
import { metadataOf, selectorOf, type KubernetesObject, type Scope } from './object';
import { pullSecrets } from './service-objects';
import type { ContainerSettings } from './variables';

/** A datastore, or the broker, with all that its objects are made of. */
export interface DatastoreInput {
  name: string;
  component: 'datastore' | 'broker';
  /** Its entry as the compose files write it, with nothing filled in. */
  written: ComposeEntry;
  settings: ContainerSettings;
  /** The port that it is reached at. */
  port: number;
  /** What its pod needs beside what all of them have. */
  pod?: Pick<PodSpec, 'hostAliases' | 'initContainers'>;
}

/** One pod with a volume of its own: databases are not scaled by adding pods. */
export function datastoreObjects(
  scope: Scope,
  environment: KubernetesEnvironment,
  input: DatastoreInput,
): KubernetesObject[] {
  const { name, component, port } = input;
  const metadata = metadataOf(scope, name, { component });
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        // Without an address of its own: the name leads to the pod, also while that starts or is not ready.
        clusterIP: 'None',
        publishNotReadyAddresses: true,
        selector: selectorOf(scope, name),
        ports: [{ name: `port-${port}`, port }],
      },
    },
    statefulSet(scope, environment, input),
  ];
}

function statefulSet(
  scope: Scope,
  environment: KubernetesEnvironment,
  { name, component, written, settings, port, pod }: DatastoreInput,
): IStatefulSet {
  const metadata = metadataOf(scope, name, { component });
  const image = String(written['image']);
  const { volumes, mounts } = temporaryFolders(written);
  const folders = foldersOf(written);
  const grace = wholeSeconds(written['stop_grace_period']) ?? 30;
  const probe = execProbe(written);
  const { start_period: start } = (written['healthcheck'] ?? {}) as { start_period?: string };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata,
    spec: {
      replicas: 1,
      serviceName: name,
      selector: { matchLabels: selectorOf(scope, name) },
      // A claim is deleted by a person alone.
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      template: {
        metadata: { labels: metadata.labels! },
        spec: {
          ...POD_DEFAULTS,
          serviceAccountName: name,
          ...pullSecrets(environment),
          securityContext: podSecurity(imageUser(image) ?? OFFICIAL_USER),
          terminationGracePeriodSeconds: grace,
          ...pod,
          containers: [
            {
              name,
              image,
              ...argumentsOf(written),
              env: [...settings.env, ...ownFolder(settings, image, folders)],
              ports: [{ name: component, containerPort: port }],
              ...(probe
                ? {
                    startupProbe: {
                      ...probe,
                      periodSeconds: 2,
                      failureThreshold: Math.max(30, wholeSeconds(start) ?? 0),
                    },
                    readinessProbe: probe,
                  }
                : {}),
              securityContext: containerSecurity(written),
              volumeMounts: [
                ...mounts,
                ...folders.map((folder) => ({ name: folder.name, mountPath: folder.path })),
              ],
            },
          ],
          volumes,
        },
      },
      volumeClaimTemplates: folders.map((folder) => ({
        metadata: { name: folder.name },
        spec: {
          accessModes: ['ReadWriteOnce'],
          ...(environment.storage.class === undefined
            ? {}
            : { storageClassName: environment.storage.class }),
          resources: { requests: { storage: environment.storage.size } },
        },
      })),
    },
  };
}

/** The folders that an entry keeps in volumes, each with the name of its volume. */
export function foldersOf(written: ComposeEntry): { name: string; path: string }[] {
  return volumesOf(written).map(({ source, target }) => ({ name: source!, path: target! }));
}

/**
 * PostgreSQL refuses a folder that holds anything, such as the `lost+found` of a fresh disk. Images from 18 on keep
 * their data in a folder of their own below the volume; older ones are told to.
 */
function ownFolder(
  { env }: ContainerSettings,
  image: string,
  folders: readonly { path: string }[],
) {
  const folder = folders.find(({ path }) => path === '/var/lib/postgresql/data');
  // One variable twice is refused by the API server.
  const isSaid = env.some(({ name }) => name === 'PGDATA');
  return folder && !isSaid && productOf(image) === 'postgres'
    ? [{ name: 'PGDATA', value: `${folder.path}/pgdata` }]
    : [];
}
