import { LABELS } from '../platform/image-labels';

/** Labels by which a later run knows what a container is; the engine is the only memory. */
export const DEPLOY_LABELS = {
  key: LABELS.key,
  entry: 'org.micro.entry',
  environment: 'org.micro.environment',
} as const;

/** Labels of a release and of the lock; `project` is the Compose project that they belong to. */
export const NOTE_LABELS = {
  project: 'org.micro.project',
  release: 'org.micro.release',
  service: 'org.micro.release.service',
  image: 'org.micro.release.image',
  replicas: 'org.micro.release.replicas',
  compose: 'org.micro.release.compose',
  lock: 'org.micro.lock',
} as const;
