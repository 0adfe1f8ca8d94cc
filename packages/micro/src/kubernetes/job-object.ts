import type { IJob } from 'kubernetes-models/batch/v1/Job';
import type { ComposeEntry } from '../deployment/entry';
import { NODE_USER } from '../deployment/entry-user';
import type { KubernetesEnvironment } from '../platform/kubernetes-environment';
import {
  argumentsOf,
  containerSecurity,
  POD_DEFAULTS,
  podSecurity,
  temporaryFolders,
  type Container,
  type Volume,
} from './container';
import { imageUser } from './image-user';
import { metadataOf, type Scope } from './object';
import { hashOf } from './object-plan';
import { pullSecrets } from './service-objects';
import type { ContainerSettings } from './variables';

/** A job that has to end before a service starts, such as its migration. */
export interface JobInput {
  /** Its name in the compose files. */
  name: string;
  written: ComposeEntry;
  settings: ContainerSettings;
  image: string;
  /** What its pod needs beside what all of them have. */
  more?: JobExtras;
}

export interface JobExtras {
  initContainers: readonly Container[];
  volumes: readonly Volume[];
  mounts: NonNullable<Container['volumeMounts']>;
}

/** Kubernetes gives up after so many pods; each waits twice as long as the one before, 6 minutes at most. */
const ATTEMPTS = 10;

/**
 * A job, with a name that its content has a part in: the template of a Job cannot be changed, and one that ended must not
 * run again until something about it changes.
 */
export function jobObject(
  scope: Scope,
  environment: KubernetesEnvironment,
  { name, written, settings, image, more }: JobInput,
): IJob {
  const { volumes, mounts } = temporaryFolders(written);
  const labels = metadataOf(scope, name, { component: 'job' }).labels!;
  const template = {
    metadata: { labels },
    spec: {
      ...POD_DEFAULTS,
      ...pullSecrets(environment),
      restartPolicy: 'Never' as const,
      securityContext: podSecurity(imageUser(image) ?? NODE_USER),
      ...(more ? { initContainers: [...more.initContainers] } : {}),
      containers: [
        {
          name,
          image,
          ...argumentsOf(written),
          env: settings.env,
          securityContext: containerSecurity(written),
          volumeMounts: [...mounts, ...settings.mounts, ...(more?.mounts ?? [])],
        },
      ],
      volumes: [...volumes, ...settings.volumes, ...(more?.volumes ?? [])],
    },
  };
  return namedByContent(name, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadataOf(scope, name, { component: 'job' }),
    // No deadline: it would delete the pod with the log that says why.
    spec: { backoffLimit: ATTEMPTS, template },
  });
}

/** @param name of the entry, which begins the name of the Job. */
export function namedByContent(name: string, job: IJob): IJob {
  const content = hashOf(job.spec?.template).slice(0, 10);
  return { ...job, metadata: { ...job.metadata, name: `${name.slice(0, 52)}-${content}` } };
}
