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
} from './container';
import { imageUser, OFFICIAL_USER } from './image-user';
import { metadataOf, selectorOf, type KubernetesObject, type Scope } from './object';
import { pullSecrets } from './service-objects';
import type { ContainerSettings } from './variables';

/** A datastore with all that its objects are made of. */
export interface DatastoreInput {
  name: string;
  /** Its entry as the compose files write it, with nothing filled in. */
  written: ComposeEntry;
  settings: ContainerSettings;
  /** The port that it is reached at. */
  port: number;
}

/** One pod with a volume of its own: databases are not scaled by adding pods. */
export function datastoreObjects(
  scope: Scope,
  environment: KubernetesEnvironment,
  input: DatastoreInput,
): KubernetesObject[] {
  const { name, port } = input;
  const metadata = metadataOf(scope, name, { component: 'datastore' });
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        // Without an address of its own: the name leads to the pod, also while that starts.
        clusterIP: 'None',
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
  { name, written, settings, port }: DatastoreInput,
): IStatefulSet {
  const metadata = metadataOf(scope, name, { component: 'datastore' });
  const image = String(written['image']);
  const { volumes, mounts } = temporaryFolders(written);
  const folders = volumesOf(written).map(({ source, target }) => ({
    name: source!,
    path: target!,
  }));
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
          containers: [
            {
              name,
              image,
              ...argumentsOf(written),
              env: [...settings.env, ...ownFolder(settings, image, folders)],
              ports: [{ name: 'datastore', containerPort: port }],
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
